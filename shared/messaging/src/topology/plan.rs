//! The difference between a topology and what a broker has.

use super::existing::Existing;
use super::objects::{Binding, Queue};
use super::service::Topology;
use std::collections::BTreeMap;
use std::fmt;

/// The action for one exchange, queue or binding.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// It does not exist.
    Create,
    /// It exists as declared.
    Keep,
    /// It exists with other properties, so the broker will refuse the declaration. Contains the difference.
    Conflict(String),
    /// A binding that this release does not declare: an old subscription, or one of a newer release. Once no release
    /// needs it, [`unbind`](super::unbind) removes it.
    LeftOver(Binding),
}

/// One line of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// For example `queue payments.inbox (x-delivery-limit=20, …)`.
    pub what: String,
    /// The action for it.
    pub action: Action,
}

/// The changes that declaring a topology would make. `Display` prints one line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Exchanges, then queues, then bindings.
    pub lines: Vec<Planned>,
}

impl Topology {
    /// The changes that declaring this topology would make on a broker.
    pub fn plan(&self, existing: &Existing) -> Plan {
        Plan::of(self, existing)
    }
}

impl Plan {
    /// Whether the broker would refuse a declaration.
    pub fn has_conflicts(&self) -> bool {
        self.lines.iter().any(|line| matches!(line.action, Action::Conflict(_)))
    }

    /// Bindings of the service's queues that this release does not declare: see [`Action::LeftOver`].
    pub fn unmanaged(&self) -> impl Iterator<Item = &Binding> {
        self.lines.iter().filter_map(|line| match &line.action {
            Action::LeftOver(binding) => Some(binding),
            Action::Create | Action::Keep | Action::Conflict(_) => None,
        })
    }

    /// The former name of [`Plan::unmanaged`].
    #[deprecated(since = "0.2.0", note = "renamed to `unmanaged`")]
    pub fn left_over(&self) -> impl Iterator<Item = &Binding> {
        self.unmanaged()
    }

    pub(super) fn of(topology: &Topology, existing: &Existing) -> Self {
        let mut lines = vec![];
        for exchange in &topology.exchanges {
            let declared = exchange.kind.as_str();
            let action = match existing.exchanges.get(&exchange.name) {
                None => Action::Create,
                Some(present) if present == declared => Action::Keep,
                Some(present) => Action::Conflict(format!("type is {present}")),
            };
            lines.push(Planned { what: format!("exchange {} ({declared})", exchange.name), action });
        }
        for queue in &topology.queues {
            let declared = arguments(queue);
            let action = match existing.queues.get(&queue.name) {
                None => Action::Create,
                Some(present) if *present == declared => Action::Keep,
                Some(present) => Action::Conflict(difference(&declared, present)),
            };
            let texts: Vec<String> = declared.iter().map(|(name, value)| format!("{name}={value}")).collect();
            lines.push(Planned { what: format!("queue {} ({})", queue.name, texts.join(", ")), action });
        }
        let declared: Vec<&Binding> = topology.bindings.iter().chain(&topology.subscriptions).collect();
        for binding in &declared {
            let action = if existing.bindings.contains(*binding) { Action::Keep } else { Action::Create };
            lines.push(Planned { what: format!("binding {binding}"), action });
        }
        // An earlier release may have consumed: its subscriptions are left over, the bindings inside its ladder are not.
        let consuming = Topology::consuming(&topology.service);
        // RabbitMQ binds every queue to the default exchange, which has an empty name.
        let ours = |binding: &&Binding| {
            !binding.exchange.is_empty()
                && consuming.queues.iter().any(|queue| queue.name == binding.queue)
                && !consuming.bindings.contains(binding)
        };
        for binding in existing.bindings.iter().filter(ours).filter(|binding| !declared.contains(binding)) {
            let action = Action::LeftOver(binding.clone());
            lines.push(Planned { what: format!("binding {binding}"), action });
        }
        Self { lines }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Planned { what, action } in &self.lines {
            match action {
                Action::Create => writeln!(f, "create    {what}")?,
                Action::Keep => writeln!(f, "keep      {what}")?,
                Action::Conflict(why) => writeln!(f, "CONFLICT  {what}: {why}")?,
                Action::LeftOver(_) => writeln!(f, "left over {what}")?,
            }
        }
        Ok(())
    }
}

fn arguments(queue: &Queue) -> BTreeMap<String, String> {
    let own = queue.arguments.iter().map(|(name, value)| ((*name).to_owned(), value.to_string()));
    own.chain([("x-queue-type".to_owned(), "quorum".to_owned())]).collect()
}

fn difference(declared: &BTreeMap<String, String>, present: &BTreeMap<String, String>) -> String {
    let value = |arguments: &BTreeMap<String, String>, name: &str| {
        arguments.get(name).map_or_else(|| "absent".to_owned(), Clone::clone)
    };
    let names: std::collections::BTreeSet<&String> = declared.keys().chain(present.keys()).collect();
    let differing = names.into_iter().filter(|name| declared.get(*name) != present.get(*name));
    let texts: Vec<String> =
        differing.map(|name| format!("{name} is {}, not {}", value(present, name), value(declared, name))).collect();
    texts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn line<'a>(plan: &'a Plan, beginning: &str) -> &'a Action {
        &plan.lines.iter().find(|line| line.what.starts_with(beginning)).unwrap().action
    }

    #[test]
    fn an_empty_broker_gets_everything() {
        let plan = Topology::of("payments", &["orders.OrderCreated.v1"]).plan(&Existing::default());
        assert!(plan.lines.iter().all(|line| line.action == Action::Create));
        assert!(plan.to_string().contains("create    queue payments.retry.1s (x-dead-letter-exchange=payments.return"));
    }

    #[test]
    fn a_plan_lists_what_stays_what_differs_and_what_is_left_over() {
        let definitions = json!({
            "exchanges": [
                { "name": "payments", "vhost": "/", "type": "topic" },
                { "name": "payments.dead", "vhost": "/", "type": "direct" },
                { "name": "payments.retry", "vhost": "elsewhere", "type": "direct" },
            ],
            "queues": [
                { "name": "payments.dead", "vhost": "/", "arguments": { "x-queue-type": "quorum" } },
                { "name": "payments.retry.1s", "vhost": "/", "arguments": {
                    "x-queue-type": "quorum", "x-message-ttl": 2000, "x-dead-letter-exchange": "payments.return",
                    "x-dead-letter-routing-key": "payments.inbox", "x-dead-letter-strategy": "at-least-once",
                    "x-overflow": "reject-publish",
                } },
            ],
            "bindings": [
                { "source": "payments.dead", "vhost": "/", "destination": "payments.dead",
                  "destination_type": "queue", "routing_key": "" },
                { "source": "orders", "vhost": "/", "destination": "payments.dead",
                  "destination_type": "queue", "routing_key": "orders.OrderLost.v1" },
            ],
        });
        let existing = Existing::from_definitions(&definitions, "/");
        let plan = Topology::of("payments", &["orders.OrderCreated.v1"]).plan(&existing);
        assert!(plan.has_conflicts());
        assert_eq!(line(&plan, "exchange payments (topic)"), &Action::Keep);
        assert_eq!(line(&plan, "exchange payments.dead"), &Action::Conflict("type is direct".into()));
        assert_eq!(line(&plan, "exchange payments.retry"), &Action::Create);
        assert_eq!(line(&plan, "queue payments.dead"), &Action::Keep);
        let conflict = Action::Conflict("x-message-ttl is 2000, not 1000".into());
        assert_eq!(line(&plan, "queue payments.retry.1s"), &conflict);
        assert_eq!(line(&plan, "binding payments.dead -> payments.dead"), &Action::Keep);
        assert!(matches!(line(&plan, "binding orders -> payments.dead"), Action::LeftOver(_)));
        assert_eq!(plan.unmanaged().count(), 1);
        assert_eq!(line(&plan, "binding orders -> payments.inbox"), &Action::Create);
    }
}
