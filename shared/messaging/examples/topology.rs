//! What declaring a service's topology would do to a broker: a line for each exchange, queue and binding.
//!
//! ```sh
//! curl -s -u guest:guest http://localhost:15672/api/definitions |
//!     cargo run -q -p rabbit-outbox --example topology -- payments orders.OrderCreated.v1
//! ```
//!
//! Exits with 1 when the broker would refuse something, with 2 when what it reads are no definitions.

use clap::Parser;
use rabbit_outbox::topology::{Existing, Topology};
use serde_json::Value;
use std::process::ExitCode;

/// Compares a service's topology with the definitions of a broker, which are read from standard input.
#[derive(Parser)]
struct Arguments {
    /// The service.
    service: String,
    /// The wire types that it hears, `orders.OrderCreated.v1`.
    hears: Vec<String>,
    /// The virtual host.
    #[arg(long, default_value = "/")]
    virtual_host: String,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let definitions: Value = serde_json::from_reader(std::io::stdin().lock()).unwrap_or_default();
    if !definitions["queues"].is_array() {
        // An answer that refuses is JSON too, and must not be taken for a broker that has nothing.
        eprintln!("standard input is no export of a broker's definitions: {}", excerpt(&definitions));
        return ExitCode::from(2);
    }
    let hears: Vec<&str> = arguments.hears.iter().map(String::as_str).collect();
    let plan = Topology::of(&arguments.service, &hears)
        .plan(&Existing::from_definitions(&definitions, &arguments.virtual_host));
    print!("{plan}");
    if plan.has_conflicts() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// What came instead, as far as it fits into a line.
fn excerpt(of: &Value) -> String {
    if of.is_null() { "it is no JSON".to_owned() } else { of.to_string().chars().take(200).collect() }
}
