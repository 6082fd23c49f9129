//! The commands and their options, as shown by `--help`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::services::Service;

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
    /// Stops what `up --detach` started; data are preserved
    Down,
    /// Shows each server and service: process, port, readiness, uptime, memory
    Status,
    /// Prints the log of a service or server
    Logs(LogsOptions),
    /// Deletes all data, passwords and logs of `up`, or only the tables of one service
    Reset(ResetOptions),
    /// Installs what building, running and testing need; `up` and `test` do it automatically
    Install,
    /// Runs the tests: unit, integration, end-to-end and browser
    #[command(after_help = TEST_HELP)]
    Test(TestOptions),
    /// Measures the accuracy of receipt recognition on a folder of photos with known contents
    Receipts(ReceiptsOptions),
    /// Measures speed and memory with optimised programs, on separate servers
    #[command(after_help = BENCH_HELP)]
    Bench(BenchOptions),
    /// Shows, replays and discards dead letters of the services, through the gateway of the running system
    DeadLetters(DeadLettersOptions),
    /// Compares the topology that the running services need with the broker's, and removes obsolete bindings
    Topology(TopologyOptions),
    /// Makes a service that builds, starts and passes its tests, and registers it everywhere
    #[command(after_help = NEW_HELP)]
    New(NewOptions),
    /// Checks rules that the compiler does not check: dependencies between crates, pure domains, file sizes
    Tidy,
    /// Regenerates docs/asyncapi.json and the query data of sqlx
    Generate(GenerateOptions),
    /// Regenerates the query data of sqlx (`.sqlx` of each service)
    Sqlx(GenerateOptions),
}

const UP_HELP: &str = "\
Installs what is missing (Debian, Ubuntu), builds, starts private PostgreSQL, RabbitMQ and Redis under .local/,
migrates, starts the services and prints the addresses. Servers that already run on this machine are not touched.

Environment:
  DATABASE_URL  administrator of a PostgreSQL to use instead of a private one; its database is used as it is
  AMQP_URL      RabbitMQ to use instead of a private one; every service signs in as this user
  REDIS_URL     Redis to use instead of a private one
  RUST_LOG      log level of the services, e.g. debug
  OTEL_EXPORTER_OTLP_ENDPOINT
                collector that receives the trace spans, e.g. http://localhost:4318";

const TEST_HELP: &str = "\
Without a part, runs all except supply-chain, new-service and api, which `--full` adds. The servers are started on free ports, so it
can run beside `up`. With `--servers trixie` they are of the next generation, e.g.
`cargo xtask test integration --servers trixie -f relays`; the first time, this installs them with debootstrap from the
mirror that apt uses.
The last line is `N passed, N failed`.";

const NEW_HELP: &str = "\
`cargo xtask new service parcels` writes parcels-service/, migrations/parcels/ and the event parcels.NoteWritten.v1, and
inserts the service into the workspace, the gateway (`/parcels`), compose, the image, the broker's users, this crate, the
rules of `tidy` and the documents. Its port is the next free one. Nothing is written unless every place is found.
The service has one table, one event and two operations, which are there to be replaced: see CONTRIBUTING.md.";

#[derive(Args, Debug)]
pub(crate) struct NewOptions {
    #[command(subcommand)]
    pub(crate) what: NewWhat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum NewWhat {
    /// Makes a service
    Service {
        /// The name of its schema, exchange, path and module: a-z and 0-9, beginning with a letter
        name: String,
        /// Do not require that all changes are committed
        #[arg(long)]
        allow_dirty: bool,
    },
}

#[derive(Args, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct UpOptions {
    /// Return when everything is ready; `down` stops it
    #[arg(long, short)]
    pub(crate) detach: bool,
    /// Build with optimisation: slower to start, faster to run
    #[arg(long)]
    pub(crate) release: bool,
    /// Encrypt every connection, with certificates made for this machine
    #[arg(long)]
    pub(crate) tls: bool,
    /// Internal: run as the process that `--detach` leaves in the background
    #[arg(long, hide = true)]
    pub(crate) supervisor: bool,
}

#[derive(Args, Debug)]
pub(crate) struct LogsOptions {
    /// gateway, a service such as orders, migrations, postgres, rabbitmq, redis, or up for the supervisor
    pub(crate) service: String,
    /// Continue to print new lines
    #[arg(long, short)]
    pub(crate) follow: bool,
    /// Number of lines from the end
    #[arg(long, short = 'n', default_value_t = 100)]
    pub(crate) lines: usize,
}

#[derive(Args, Debug)]
pub(crate) struct ResetOptions {
    /// Delete only the data of this service; the next `up` creates its tables
    #[arg(value_enum)]
    pub(crate) service: Option<Service>,
    /// Do not ask for confirmation
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Args, Debug)]
pub(crate) struct TestOptions {
    /// Run only these parts
    #[arg(value_enum)]
    pub(crate) parts: Vec<Part>,
    /// Also run the parts that are skipped by default because they install tools or take long: supply-chain, new-service
    /// and api
    #[arg(long, conflicts_with = "parts")]
    pub(crate) full: bool,
    /// Only tests whose name contains this (unit, integration, e2e and fuzz)
    #[arg(long, short)]
    pub(crate) filter: Option<String>,
    /// The servers used by the tests
    #[arg(long, value_enum, default_value_t = Generation::Machine)]
    pub(crate) servers: Generation,
    /// How long to fuzz each target, in seconds
    #[arg(long, default_value_t = 10)]
    pub(crate) fuzz_seconds: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Generation {
    /// The installed servers
    Machine,
    /// The servers of Debian 13: RabbitMQ 4, PostgreSQL 17, Redis 8. Root only; installed in .local/trixie if missing
    Trixie,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Unit tests, which need no server
    Unit,
    /// All cargo tests except `e2e`, with real servers
    Integration,
    /// End-to-end tests of the whole system
    E2e,
    /// Checks of the frontend
    Frontend,
    /// The running system in Chromium
    Browser,
    /// Fuzzing of the parsers of external input
    Fuzz,
    /// Licences, bans and sources of the dependencies, and advisories if their database is available
    SupplyChain,
    /// A service made by `new service` in a temporary copy: builds it, migrates its database, starts it, runs its tests
    NewService,
    /// Every OpenAPI document: validity, generated clients, and generated requests to every operation
    Api,
}

const BENCH_HELP: &str = "\
Builds with optimisation, starts private servers with full durability (fsync on) and the measured programs under
.local/bench, checks the invariants of the money at the end, and stops everything. The results depend on the machine
and its load: only compare runs of the same hour on the same machine.";

#[derive(Args, Debug)]
pub(crate) struct BenchOptions {
    #[command(subcommand)]
    pub(crate) bench: Bench,
    /// Print the result as one line of JSON; other output except the table goes to standard error
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Folder with programs of another build to compare with: `gateway`, `orders-service` and so on
    #[arg(long, global = true, value_name = "FOLDER")]
    pub(crate) programs: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Latency of orders through the gateway until their sockets show PAID: idle, at maximum load, and at a constant
    /// rate
    Orders {
        /// Duration of each load in seconds
        #[arg(long, default_value_t = 10)]
        seconds: u64,
        /// Number of users who place orders, each with an open socket
        #[arg(long, default_value_t = 64)]
        users: u32,
        /// Number of concurrent connections at maximum load
        #[arg(long, default_value_t = 64)]
        connections: u32,
        /// Only this constant rate, in orders per second, instead of maximum load and 70 % of it
        #[arg(long)]
        rate: Option<f64>,
        /// Let the database analyse its tables after fifty orders, before the load: plans that are kept must stand growth
        #[arg(long)]
        young: bool,
    },
    /// The relay compared with a bare publisher with confirms, and the inbox with single events, batches and sets
    Relay {
        /// Number of events per round
        #[arg(long, default_value_t = 20_000)]
        events: u32,
        /// Number of rounds of each variant
        #[arg(long, default_value_t = 3)]
        rounds: u32,
    },
    /// The gateway compared with nginx, alternating, with the same upstream
    Gateway {
        /// Duration of each round in seconds
        #[arg(long, default_value_t = 4)]
        seconds: u64,
        /// Number of concurrent connections
        #[arg(long, default_value_t = 32)]
        connections: u32,
        /// Number of rounds of each variant
        #[arg(long, default_value_t = 5)]
        rounds: u32,
    },
    /// Idle sockets through the gateway: memory per socket in every process, and the time to notify all
    Sockets {
        /// Number of sockets
        #[arg(long, default_value_t = 10_000)]
        sockets: u32,
    },
}

#[derive(Args, Debug)]
pub(crate) struct ReceiptsOptions {
    /// Folder with `images/` and `ground_truth.json`
    #[arg(required_unless_present = "generated")]
    pub(crate) folder: Option<PathBuf>,
    /// Measure this many generated bills instead, by layout, currency, language and fault
    #[arg(long, value_name = "COUNT", conflicts_with = "folder")]
    pub(crate) generated: Option<u32>,
    /// The first seed of the generated bills; the same seeds give the same bills
    #[arg(long, default_value_t = 1, requires = "generated")]
    pub(crate) seed: u32,
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
    pub(crate) action: DeadLettersAction,
    /// Print JSON instead of tables
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) gateway: GatewayOptions,
}

#[derive(Args, Debug)]
pub(crate) struct GatewayOptions {
    /// URL of the gateway; default: the gateway of the running system
    #[arg(long, global = true, env = "GATEWAY_URL")]
    pub(crate) gateway: Option<String>,
    /// An administrator's access token, if sign-in is required: `access_token` from the response of `POST /login`
    #[arg(long, global = true, env = "CHIPIN_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// File with the authorities (PEM) that sign the certificates of https:// servers; default: those of this machine, or the
    /// one that `up --tls` has made
    #[arg(long, global = true, env = "TLS_CA_FILE")]
    pub(crate) ca_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeadLettersAction {
    /// Lists dead letters, newest first
    List(Selection),
    /// Shows one dead letter with its content
    Show(DeadLetterId),
    /// Replays one dead letter
    Replay(DeadLetterId),
    /// Replays all matching open dead letters
    ReplayAll(Selection),
    /// Discards one dead letter
    Discard(DeadLetterId),
    /// Discards all matching open dead letters
    DiscardAll(Selection),
}

#[derive(Args, Debug)]
pub(crate) struct TopologyOptions {
    #[command(subcommand)]
    pub(crate) action: TopologyAction,
    #[command(flatten)]
    pub(crate) gateway: GatewayOptions,
    /// RabbitMQ's management API, `http://user:password@host:15672`; default: that of the running system
    #[arg(long, global = true, env = "RABBITMQ_CONSOLE_URL", hide_env_values = true)]
    pub(crate) console: Option<String>,
    /// The virtual host
    #[arg(long, global = true, default_value = "/")]
    pub(crate) virtual_host: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TopologyAction {
    /// Prints what declaring would do: create, keep, conflict, and obsolete bindings
    Plan {
        /// Only for this service
        #[arg(value_enum)]
        service: Option<Service>,
    },
    /// Removes a service's bindings that the running release does not need, after confirmation
    Unbind {
        /// The service
        #[arg(value_enum)]
        service: Service,
        /// Do not ask for confirmation
        #[arg(long, short)]
        yes: bool,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Selection {
    /// Only for this service
    #[arg(long, value_enum)]
    pub(crate) service: Option<Service>,
    /// Only events of this type, e.g. `orders.OrderCreated.v1`
    #[arg(long = "type")]
    pub(crate) event_type: Option<String>,
    /// Only dead letters whose reason contains this text
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
pub(crate) struct DeadLetterId {
    /// The event's id
    pub(crate) event_id: String,
    /// The service with the dead letter; by default all are searched
    #[arg(long, value_enum)]
    pub(crate) service: Option<Service>,
}

#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct GenerateOptions {
    /// Change nothing; fail if a committed file is out of date
    #[arg(long)]
    pub(crate) check: bool,
}
