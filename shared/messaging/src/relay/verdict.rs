//! Decides the results of messages from confirms and returns. No I/O.

use std::collections::HashMap;
use uuid::Uuid;

/// A confirm of one message, as the client library reports it.
#[derive(Debug)]
pub(crate) struct Confirmed {
    /// The number of the message on its channel.
    pub(crate) number: u64,
    pub(crate) message_id: Uuid,
    /// Whether the broker took responsibility.
    pub(crate) acked: bool,
    /// A returned message, **not necessarily this one**: lapin attaches returns to confirms in the order of arrival,
    /// and with pipelining it may belong to a neighbour.
    pub(crate) returned: Option<Returned>,
}

/// A message that no queue is bound for.
#[derive(Debug)]
pub(crate) struct Returned {
    /// The message id of the returned message.
    pub(crate) message_id: Option<Uuid>,
    /// The broker's reason: `NO_ROUTE`.
    pub(crate) reason: String,
}

/// The result of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It reached a queue.
    Delivered,
    /// The broker received it, and no queue is bound for it.
    Returned(String),
    /// The broker refused it for now: a queue is full, or has no leader.
    Refused(String),
    /// The broker closed the channel because of its destination, or would: its route is not tried together with others.
    Barred(String),
    /// The broker closed the channel because of the message itself, not its destination: other messages of the route
    /// are tried.
    Unacceptable(String),
    /// The broker has not answered for too long.
    Unconfirmed(String),
}

impl Verdict {
    fn refused() -> Self {
        Self::Refused("refused by the broker: basic.nack".to_owned())
    }
}

/// Finds out which of the confirmed messages were returned: **by their own ids**.
///
/// RabbitMQ sends a return before the ack of the same message, and the client library attaches the oldest unassigned
/// return to each confirm. So a message whose confirm has no return was not returned, unless an earlier confirm carried
/// its return. A message whose confirm carries another message's return is decided by a later confirm without one, or
/// when nothing is in flight.
/// carries none, or when nothing is on its way.
#[derive(Debug, Default)]
pub(crate) struct Returns {
    seen: HashMap<Uuid, String>,
    undecided: Vec<(u64, Uuid)>,
}

impl Returns {
    /// Decides what can be decided, given **all** confirms that have arrived so far.
    ///
    /// A return without a readable id may belong to any message: then none of them counts as delivered.
    pub(crate) fn decide(&mut self, confirms: Vec<Confirmed>, nothing_on_its_way: bool) -> Vec<(u64, Verdict)> {
        let mut anonymous = None;
        let mut all_given_away = nothing_on_its_way;
        let mut now = Vec::with_capacity(confirms.len());
        let mut later = vec![];
        let mut decided = vec![];
        for Confirmed { number, message_id, acked, returned } in confirms {
            let carries_none = returned.is_none();
            match returned {
                Some(Returned { message_id: Some(id), reason }) => drop(self.seen.insert(id, reason)),
                Some(Returned { message_id: None, reason }) => anonymous = Some(reason),
                None => all_given_away = true,
            }
            if acked {
                if carries_none { now.push((number, message_id)) } else { later.push((number, message_id)) }
            } else {
                decided.push((number, Verdict::refused()));
            }
        }
        let earlier = std::mem::take(&mut self.undecided);
        if all_given_away {
            now.extend(earlier);
        } else {
            later.extend(earlier);
        }
        for (number, id) in now {
            let verdict =
                self.seen.remove(&id).or_else(|| anonymous.clone()).map_or(Verdict::Delivered, Verdict::Returned);
            decided.push((number, verdict));
        }
        for (number, id) in later {
            match self.seen.remove(&id).or_else(|| anonymous.clone()) {
                Some(reason) => decided.push((number, Verdict::Returned(reason))),
                None if nothing_on_its_way => decided.push((number, Verdict::Delivered)),
                None => self.undecided.push((number, id)),
            }
        }
        decided.sort_unstable_by_key(|(number, _)| *number);
        decided
    }

    /// The channel is lost.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict::Delivered;
    use super::*;

    fn id(n: u64) -> Uuid {
        Uuid::from_u128(n.into())
    }

    fn ack(number: u64, returned: Option<u64>) -> Confirmed {
        let returned = returned.map(|n| Returned { message_id: Some(id(n)), reason: "NO_ROUTE".into() });
        Confirmed { number, message_id: id(number), acked: true, returned }
    }

    fn no_route() -> Verdict {
        Verdict::Returned("NO_ROUTE".into())
    }

    #[test]
    fn a_return_counts_for_the_message_it_names_not_for_the_confirm_that_carries_it() {
        // The return of message 2 is attached to the confirm of message 1.
        let mut returns = Returns::default();
        let verdicts = returns.decide(vec![ack(1, Some(2)), ack(2, None), ack(3, None)], true);
        assert_eq!(verdicts, [(1, Delivered), (2, no_route()), (3, Delivered)]);
    }

    #[test]
    fn a_confirm_with_the_return_of_another_waits_until_its_own_would_have_come() {
        let mut returns = Returns::default();
        assert_eq!(returns.decide(vec![ack(2, Some(1))], false), []);
        // Both were returned: the second return is attached to the first confirm.
        assert_eq!(returns.decide(vec![ack(1, Some(2))], false), [(1, no_route()), (2, no_route())]);

        assert_eq!(returns.decide(vec![ack(3, Some(4))], false), []);
        assert_eq!(returns.decide(vec![ack(4, None)], false), [(3, Delivered), (4, no_route())]);
        assert_eq!(returns.decide(vec![ack(5, Some(5))], false), [(5, no_route())]);
        assert!(returns.undecided.is_empty());
    }

    #[test]
    fn what_was_not_acknowledged_stays() {
        let refused = Confirmed { number: 1, message_id: id(1), acked: false, returned: None };
        let verdicts = Returns::default().decide(vec![refused, ack(2, None)], true);
        assert_eq!(verdicts, [(1, Verdict::refused()), (2, Delivered)]);
    }

    #[test]
    fn a_return_without_an_id_leaves_everything_undelivered() {
        let anonymous = Returned { message_id: None, reason: "NO_ROUTE".into() };
        let first = Confirmed { number: 1, message_id: id(1), acked: true, returned: Some(anonymous) };
        let verdicts = Returns::default().decide(vec![first, ack(2, None)], true);
        assert!(verdicts.iter().all(|(_, verdict)| *verdict != Delivered));
    }
}
