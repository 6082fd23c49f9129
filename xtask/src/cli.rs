//! The commands and their options, as `--help` shows them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Runs, tests and checks Chipin.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Starts the whole system and keeps it running until Ctrl-C
    #[command(after_help = UP_HELP)]
    Up(UpOptions),
    /// Stops what `up --detach` started; the data stay
    Down,
    /// Shows each server and service: process, port, readiness, uptime, memory
    Status,
    /// Prints the log of a service or server
    Logs(LogsOptions),
    /// Deletes all data, passwords and logs of `up`
    Reset(ResetOptions),
    /// Installs what building, running and testing need; `up` and `test` do so by themselves
    Install,
    /// Runs the tests: unit, integration, end-to-end and browser
    #[command(after_help = TEST_HELP)]
    Test(TestOptions),
    /// Measures how well photos of receipts are read, on a folder whose true contents are known
    Receipts(ReceiptsOptions),
    /// Measures speed and memory in release, on a quiet stack of its own
    #[command(after_help = BENCH_HELP)]
    Bench(BenchOptions),
    /// Shows and settles events that services gave up, through the gateway of the running product
    DeadLetters(DeadLettersOptions),
    /// Compares what the running services want on the broker with what is there, and removes bindings that are left over
    Topology(TopologyOptions),
    /// Checks the rules that the compiler does not know: who imports whom, pure domains, file sizes
    Tidy,
    /// Writes the generated files anew: docs/asyncapi.json and the query data of sqlx
    Generate(GenerateOptions),
    /// Writes the query data of sqlx anew (`.sqlx` of each service)
    Sqlx(GenerateOptions),
}

const UP_HELP: &str = "\
Installs what is missing (Debian, Ubuntu), builds, starts private PostgreSQL, RabbitMQ and Redis under .local/,
migrates, starts the services and prints the addresses. Servers that already run on this machine are not touched.

Environment:
  DATABASE_URL  administrator of a PostgreSQL to use instead of a private one; its database is used as it is
  AMQP_URL      RabbitMQ to use instead of a private one; every service signs in as this user
  REDIS_URL     Redis to use instead of a private one
  RUST_LOG      what the services log, e.g. debug
  OTEL_EXPORTER_OTLP_ENDPOINT
                collector that gets the spans of traces, e.g. http://localhost:4318";

const TEST_HELP: &str = "\
Without a part, all are run but supply-chain and api, which `--full` adds. It starts servers of its own on free ports, so it may run while `up` runs.
With `--servers trixie` those are of the next generation, e.g. `cargo xtask test integration --servers trixie -f relays`;
the first time installs them with debootstrap from the mirror that apt uses.
The last line is `N passed, N failed`.";

#[derive(Args, Debug, Default)]
pub(crate) struct UpOptions {
    /// Return when everything is ready; `down` stops it
    #[arg(long, short)]
    pub(crate) detach: bool,
    /// Build with optimisation: slower to start, faster to run
    #[arg(long)]
    pub(crate) release: bool,
    /// Is the process that `--detach` leaves behind
    #[arg(long, hide = true)]
    pub(crate) supervisor: bool,
}

#[derive(Args, Debug)]
pub(crate) struct LogsOptions {
    /// gateway, orders, payments, ocr, router, users, migrations, postgres, rabbitmq, redis, or up for the supervisor
    pub(crate) service: String,
    /// Keep printing what is added
    #[arg(long, short)]
    pub(crate) follow: bool,
    /// How many lines from the end
    #[arg(long, short = 'n', default_value_t = 100)]
    pub(crate) lines: usize,
}

#[derive(Args, Debug)]
pub(crate) struct ResetOptions {
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Args, Debug)]
pub(crate) struct TestOptions {
    /// Run only these parts
    #[arg(value_enum)]
    pub(crate) parts: Vec<Part>,
    /// Run the parts too that are left out otherwise, because they install tools: supply-chain and api
    #[arg(long, conflicts_with = "parts")]
    pub(crate) full: bool,
    /// Only tests whose name contains this (unit, integration, e2e and fuzz)
    #[arg(long, short)]
    pub(crate) filter: Option<String>,
    /// Which servers the tests run on
    #[arg(long, value_enum, default_value_t = Generation::Machine)]
    pub(crate) servers: Generation,
    /// How long each target is fuzzed
    #[arg(long, default_value_t = 10)]
    pub(crate) fuzz_seconds: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Generation {
    /// Those that are installed
    Machine,
    /// Those of Debian 13: RabbitMQ 4, PostgreSQL 17, Redis 8. Root only; fetched into .local/trixie when missing
    Trixie,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Tests beside the code that need no server
    Unit,
    /// Everything of cargo but `e2e`, on real servers
    Integration,
    /// The programs together, as a client sees them
    E2e,
    /// The frontend's own checks
    Frontend,
    /// The running product in Chromium
    Browser,
    /// The parsers that meet input first, with inputs that are made up
    Fuzz,
    /// Licences, bans and sources of the dependencies, and advisories where they can be had
    SupplyChain,
    /// Every operation of every OpenAPI document, with requests that are made up
    Api,
}

const BENCH_HELP: &str = "\
It builds with optimisation, starts private servers that lose nothing (fsync on) and what is to be measured under
.local/bench, checks the rules of money at the end, and stops everything. Figures depend on the machine and on what
else runs on it: compare runs of one hour on one machine.";

#[derive(Args, Debug)]
pub(crate) struct BenchOptions {
    #[command(subcommand)]
    pub(crate) bench: Bench,
    /// End with one line of JSON; everything else but the table goes to standard error
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Programs of another build, to compare with: a folder with `gateway`, `orders-service` and so on
    #[arg(long, global = true, value_name = "FOLDER")]
    pub(crate) programs: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Orders through the gateway until their sockets say PAID: idle, flat out, and at a constant rate
    Orders {
        /// Seconds of each load
        #[arg(long, default_value_t = 10)]
        seconds: u64,
        /// Users who order, each with a socket that watches
        #[arg(long, default_value_t = 64)]
        users: u32,
        /// Connections that order at the same time when flat out
        #[arg(long, default_value_t = 64)]
        connections: u32,
        /// Only this constant rate, in orders per second, instead of flat out and 70 % of that
        #[arg(long)]
        rate: Option<f64>,
        /// Let the database analyse its tables after fifty orders, before the load: plans that are kept must stand growth
        #[arg(long)]
        young: bool,
    },
    /// The relay against a bare confirmed publisher, and the inbox one by one, in batches and in sets
    Relay {
        /// Events of each turn
        #[arg(long, default_value_t = 20_000)]
        events: u32,
        /// Turns of each
        #[arg(long, default_value_t = 3)]
        rounds: u32,
    },
    /// The gateway against nginx before the same upstream, in turns
    Gateway {
        /// Seconds of each turn
        #[arg(long, default_value_t = 4)]
        seconds: u64,
        /// Connections that ask at the same time
        #[arg(long, default_value_t = 32)]
        connections: u32,
        /// Turns of each
        #[arg(long, default_value_t = 5)]
        rounds: u32,
    },
    /// Idle sockets through the gateway: bytes of each in every process, and the time to tell all
    Sockets {
        /// Sockets that are opened
        #[arg(long, default_value_t = 10_000)]
        sockets: u32,
    },
}

#[derive(Args, Debug)]
pub(crate) struct ReceiptsOptions {
    /// Has `images/` and `ground_truth.json`
    pub(crate) folder: PathBuf,
    /// Print one JSON object instead of a table
    #[arg(long)]
    pub(crate) json: bool,
    /// Only pictures whose name contains this
    #[arg(long, short)]
    pub(crate) filter: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct DeadLettersOptions {
    #[command(subcommand)]
    pub(crate) deed: LettersDeed,
    /// Print JSON instead of tables
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The gateway; unless given, that of the running product
    #[arg(long, global = true, env = "GATEWAY_URL")]
    pub(crate) gateway: Option<String>,
    /// An administrator's access token, where people sign in: `access_token` of what `POST /login` answers
    #[arg(long, global = true, env = "CHIPIN_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LettersDeed {
    /// Lists letters, newest first
    List(Selection),
    /// Shows one letter with what it says
    Show(Letter),
    /// Sends one letter on its way again
    Replay(Letter),
    /// Sends all open letters that match on their way again
    ReplayAll(Selection),
    /// Puts one letter away
    Discard(Letter),
    /// Puts all open letters that match away
    DiscardAll(Selection),
}

#[derive(Args, Debug)]
pub(crate) struct TopologyOptions {
    #[command(subcommand)]
    pub(crate) deed: TopologyDeed,
    /// The gateway; unless given, that of the running product
    #[arg(long, global = true, env = "GATEWAY_URL")]
    pub(crate) gateway: Option<String>,
    /// An administrator's access token, where people sign in
    #[arg(long, global = true, env = "CHIPIN_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// RabbitMQ's console, `http://user:password@host:15672`; unless given, that of the running product
    #[arg(long, global = true, env = "RABBITMQ_CONSOLE_URL", hide_env_values = true)]
    pub(crate) console: Option<String>,
    /// The virtual host
    #[arg(long, global = true, default_value = "/")]
    pub(crate) virtual_host: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TopologyDeed {
    /// Prints what declaring would do: create, keep, conflict, and bindings that are left over
    Plan {
        /// Only of this service
        #[arg(value_enum)]
        service: Option<ServiceName>,
    },
    /// Removes bindings of a service that the release which runs does not want, after asking
    Unbind {
        /// The service
        #[arg(value_enum)]
        service: ServiceName,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Selection {
    /// Only of this service: orders, payments, ocr, router or users
    #[arg(long, value_enum)]
    pub(crate) service: Option<ServiceName>,
    /// Only events of this type, e.g. `orders.OrderCreated.v1`
    #[arg(long = "type")]
    pub(crate) event_type: Option<String>,
    /// Only those whose reason contains this
    #[arg(long)]
    pub(crate) reason: Option<String>,
    /// open, replayed or discarded
    #[arg(long, default_value = "open")]
    pub(crate) state: String,
    /// incoming or outgoing
    #[arg(long)]
    pub(crate) direction: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Letter {
    /// The event's id
    pub(crate) event_id: String,
    /// The service that gave it up; unless given, all are asked
    #[arg(long, value_enum)]
    pub(crate) service: Option<ServiceName>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ServiceName {
    Orders,
    Payments,
    Ocr,
    Router,
    Users,
}

#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct GenerateOptions {
    /// Change nothing; fail if a committed file is out of date
    #[arg(long)]
    pub(crate) check: bool,
}
