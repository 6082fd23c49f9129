//! `topology`: compares the topology that the running services need with the broker's.
//!
//! The subscriptions come from the services, the existing definitions from the broker's management API. The comparison
//! itself is the example `topology` of rabbit-outbox, so that there is only one implementation.

use std::collections::HashMap;
use std::io::{BufRead, Write};
use std::process::{Command, ExitCode, Stdio};

use tinyjson::JsonValue;

use crate::call::{Server, percent_encoded};
use crate::checkout::Checkout;
use crate::cli::{TopologyAction, TopologyOptions};
use crate::console::say;
use crate::dead_letters::{authorities, gateway};
use crate::failure::{Doing, Failure};
use crate::instance::State;
use crate::services::{SERVICES, Service};

/// A binding to a queue, as printed in a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Binding {
    exchange: String,
    queue: String,
    routing_key: String,
}

/// Runs the command.
///
/// # Errors
/// Fails if the gateway or the management API cannot be reached, or refuses.
pub(crate) fn topology(checkout: &Checkout, options: &TopologyOptions) -> Result<ExitCode, Failure> {
    let gateway = gateway(checkout, &options.gateway)?;
    let console_address = console_address(checkout, options.console.as_deref())?;
    let console = Server::console(&console_address, authorities(checkout, &options.gateway))?;
    let definitions = console.get("/api/definitions")?.or_failure()?.body;
    let plan = |service| plan(checkout, options, service, &subscriptions(&gateway, service)?, &definitions);
    match options.action {
        TopologyAction::Plan { service } => {
            let mut sound = true;
            for service in service.map_or_else(|| SERVICES.to_vec(), |one| vec![one]) {
                let (lines, accepted) = plan(service)?;
                say!("{}\n{lines}", service.name);
                sound &= accepted;
            }
            Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        TopologyAction::Unbind { service, yes } => {
            let left_over = left_over(&plan(service)?.0);
            if left_over.is_empty() {
                say!("{} has no obsolete bindings.", service.name);
                return Ok(ExitCode::SUCCESS);
            }
            for binding in &left_over {
                say!("{} -> {} by \"{}\"", binding.exchange, binding.queue, binding.routing_key);
            }
            if !yes && !confirmed() {
                say!("No bindings were removed.");
                return Ok(ExitCode::FAILURE);
            }
            for binding in &left_over {
                console.delete(&path_of(binding, &options.virtual_host))?.or_failure()?;
            }
            say!("{} bindings were removed.", left_over.len());
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The given management API, or that of the running system.
fn console_address(checkout: &Checkout, given: Option<&str>) -> Result<String, Failure> {
    let running = || {
        let addresses = State::read(&checkout.local())?.addresses;
        let (_, url) = addresses.into_iter().find(|(label, _)| label == "RabbitMQ")?;
        // `http://localhost:15672  guest / guest`
        url.split_whitespace().next().filter(|url| url.starts_with("http://")).map(str::to_owned)
    };
    given.map(str::to_owned).or_else(running).ok_or_else(|| {
        Failure::new("RabbitMQ's management API is unknown: start one with `cargo xtask up`, or pass `--console`")
    })
}

/// The subscriptions of a service: exchanges and routing keys.
fn subscriptions(gateway: &Server, service: Service) -> Result<Vec<(String, String)>, Failure> {
    let response = gateway.get(&format!("{}/operations/topology", service.prefix))?.or_failure()?.json()?;
    let unknown = || Failure::new(format!("{} does not report its subscriptions", service.name));
    let object: HashMap<String, JsonValue> = response.try_into().map_err(|_| unknown())?;
    let types: &Vec<JsonValue> = object.get("subscriptions").and_then(JsonValue::get).ok_or_else(unknown)?;
    let subscription = |one: &JsonValue| {
        let one: &HashMap<String, JsonValue> = one.get()?;
        let text = |name: &str| one.get(name)?.get::<String>().cloned();
        Some((text("exchange")?, text("routing_key")?))
    };
    types.iter().map(|one| subscription(one).ok_or_else(unknown)).collect()
}

/// The plan of a service, and whether the broker would accept it.
fn plan(
    checkout: &Checkout,
    options: &TopologyOptions,
    service: Service,
    subscriptions: &[(String, String)],
    definitions: &str,
) -> Result<(String, bool), Failure> {
    let doing = || "run the example `topology` of rabbit-outbox".to_owned();
    let mut command = Command::new("cargo");
    // Not `--quiet`: the first time, it is built.
    command.args(["run", "--package", "rabbit-outbox", "--example", "topology", "--", "plan"]);
    command.arg(service.name).args(["--virtual-host", &options.virtual_host]);
    for (exchange, routing_key) in subscriptions {
        command.args(["--foreign", &format!("{exchange}={routing_key}")]);
    }
    let mut child =
        command.current_dir(checkout.root()).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().doing(doing())?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(definitions.as_bytes()).doing(doing())?;
    }
    let output = child.wait_with_output().doing(doing())?;
    match output.status.code() {
        Some(code @ (0 | 1)) => Ok((String::from_utf8_lossy(&output.stdout).into_owned(), code == 0)),
        _ => Err(Failure::new("comparing the definitions failed; see the output above")),
    }
}

/// The obsolete bindings of a plan: `left over binding orders -> payments.inbox by "orders.OrderLost.v1"`.
fn left_over(plan: &str) -> Vec<Binding> {
    let read = |line: &str| {
        let (exchange, rest) = line.strip_prefix("left over binding ")?.split_once(" -> ")?;
        let (queue, key) = rest.split_once(" by \"")?;
        let (exchange, queue, routing_key) = (exchange.to_owned(), queue.to_owned(), key.strip_suffix('"')?.to_owned());
        Some(Binding { exchange, queue, routing_key })
    };
    plan.lines().filter_map(read).collect()
}

/// The binding's path in the management API. Source: RabbitMQ documentation, "HTTP API": without arguments, the last
/// part is the routing key, or `~` if it is empty.
fn path_of(binding: &Binding, virtual_host: &str) -> String {
    let key = if binding.routing_key.is_empty() { "~".to_owned() } else { percent_encoded(&binding.routing_key) };
    let [virtual_host, exchange, queue] = [virtual_host, &binding.exchange, &binding.queue].map(percent_encoded);
    // The last part is the properties key, in which the routing key is already escaped; as part of the URL it is
    // escaped again.
    format!("/api/bindings/{virtual_host}/e/{exchange}/q/{queue}/{}", key.replace('%', "%25"))
}

fn confirmed() -> bool {
    print!("Is it certain that no other running release of the service needs them? Remove them? [y/N] ");
    let _ = std::io::stdout().flush();
    let mut answer = String::new();
    let _ = std::io::stdin().lock().read_line(&mut answer);
    matches!(answer.trim(), "y" | "Y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn obsolete_bindings_are_parsed_from_the_plan_and_have_a_path() {
        let plan = "keep      binding payments.dead -> payments.dead by \"\"\n\
                    left over binding orders -> payments.inbox by \"orders.OrderLost.v1\"\n\
                    left over binding old -> payments.inbox by \"#\"\n";
        let paths: Vec<String> = left_over(plan).iter().map(|binding| path_of(binding, "/")).collect();
        assert_eq!(
            paths,
            [
                "/api/bindings/%2F/e/orders/q/payments.inbox/orders.OrderLost.v1",
                "/api/bindings/%2F/e/old/q/payments.inbox/%2523",
            ]
        );
    }
}
