//! A service's topology and a broker: what declaring would change, what an administrator imports, what is left over.
//!
//! ```sh
//! curl -s -u guest:guest http://localhost:15672/api/definitions |
//!     cargo run -q -p rabbit-outbox --example topology -- plan payments orders.OrderCreated.v1
//! cargo run -q -p rabbit-outbox --example topology -- definitions payments orders.OrderCreated.v1 > payments.json
//! curl -s -u guest:guest http://localhost:15672/api/definitions |
//!     cargo run -q -p rabbit-outbox --example topology -- unbind payments orders.OrderCreated.v1 --yes
//! ```
//!
//! Exits with 1 if the broker would refuse a declaration, with 2 if standard input does not contain definitions.

use clap::{Args, Parser, Subcommand};
use rabbit_outbox::topology::{Binding, Existing, Topology, unbind};
use serde_json::Value;
use std::error::Error;
use std::process::ExitCode;

/// Compares a service's topology with a broker's.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    deed: Deed,
}

#[derive(Subcommand)]
enum Deed {
    /// Prints what declaring would change, from the broker's definitions on standard input
    Plan(Wanted),
    /// Prints the definitions that an administrator imports, for a service that declares nothing
    Definitions(Wanted),
    /// Prints the bindings that are left over, from the broker's definitions on standard input, and removes them
    Unbind {
        #[command(flatten)]
        wanted: Wanted,
        /// The broker
        #[arg(long, env = "AMQP_URL", hide_env_values = true, default_value = "amqp://guest:guest@localhost:5672/%2f")]
        amqp_url: String,
        /// Remove them; without it they are only printed
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Args)]
struct Wanted {
    /// The service
    service: String,
    /// The wire types that it subscribes to, for example `orders.OrderCreated.v1`: of all releases that still run
    hears: Vec<String>,
    /// A binding to the exchange of a foreign producer, `EXCHANGE=ROUTING_KEY`
    #[arg(long = "foreign", value_name = "BINDING")]
    foreign: Vec<String>,
    /// The virtual host
    #[arg(long, default_value = "/")]
    virtual_host: String,
}

impl Wanted {
    fn topology(&self) -> Topology {
        let hears: Vec<&str> = self.hears.iter().map(String::as_str).collect();
        let foreign = self.foreign.iter().map(|binding| {
            let (exchange, routing_key) = binding.split_once('=').unwrap_or((binding, ""));
            Binding {
                exchange: exchange.to_owned(),
                routing_key: routing_key.to_owned(),
                queue: format!("{}.inbox", self.service),
            }
        });
        Topology::of(&self.service, &hears).with_subscriptions(foreign.collect())
    }

    /// Reads the broker's definitions from standard input; an error response must not be mistaken for an empty broker.
    fn existing(&self) -> Result<Existing, ExitCode> {
        let definitions: Value = serde_json::from_reader(std::io::stdin().lock()).unwrap_or_default();
        if definitions["queues"].is_array() {
            return Ok(Existing::from_definitions(&definitions, &self.virtual_host));
        }
        eprintln!("standard input does not contain a broker's definitions: {}", excerpt(&definitions));
        Err(ExitCode::from(2))
    }
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    match Arguments::parse().deed {
        Deed::Plan(wanted) => {
            let existing = match wanted.existing() {
                Ok(existing) => existing,
                Err(code) => return Ok(code),
            };
            let plan = wanted.topology().plan(&existing);
            print!("{plan}");
            Ok(if plan.has_conflicts() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
        }
        Deed::Definitions(wanted) => {
            println!("{:#}", wanted.topology().definitions(&wanted.virtual_host));
            Ok(ExitCode::SUCCESS)
        }
        Deed::Unbind { wanted, amqp_url, yes } => {
            let existing = match wanted.existing() {
                Ok(existing) => existing,
                Err(code) => return Ok(code),
            };
            let plan = wanted.topology().plan(&existing);
            let left_over: Vec<Binding> = plan.unmanaged().cloned().collect();
            for binding in &left_over {
                println!("left over binding {binding}");
            }
            if yes {
                unbind(amqp_url, &left_over).await?;
                println!("removed {} bindings", left_over.len());
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// An excerpt of the input, at most one line.
fn excerpt(of: &Value) -> String {
    if of.is_null() { "it is not JSON".to_owned() } else { of.to_string().chars().take(200).collect() }
}
