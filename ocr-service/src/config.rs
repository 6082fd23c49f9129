//! Variables of ocr-service.

use chassis::config::{Command, InternalAuthConfig, ProcessConfig, broker_url};
use chassis::postgres::PostgresConfig;
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::thread::available_parallelism;
use std::time::Duration;

/// Most workers by default: reading is work for a processor, and each takes some hundred megabytes.
const WORKERS_DEFAULT_MAX: usize = 4;

/// Reads cheques from photos.
///
/// Tools: `ocr-service read FILE...` reads pictures without a server, `ocr-service isolation` shows what a worker can
/// not do.
#[derive(Clone, Debug, clap::Parser)]
#[command(version)]
pub struct Config {
    /// Where it listens. Only the gateway should be able to reach it.
    #[arg(long, env = "LISTEN_ADDR", default_value = "127.0.0.1:8003")]
    pub listen_addr: SocketAddr,

    /// The broker: `amqp://user:password@host:port/vhost`.
    #[arg(long, env = "AMQP_URL", hide_env_values = true, value_parser = broker_url)]
    pub amqp_url: String,

    /// The cache in which links are found before their event arrives: `redis://:password@host:port`.
    #[arg(long, env = "REDIS_URL", hide_env_values = true)]
    pub redis_url: String,

    /// What links begin with: the origin on which the gateway serves `/small-router`.
    #[arg(long, env = "SHARE_BASE_URL", default_value = "http://localhost:8090")]
    pub share_base_url: String,

    /// The folder of the photos; it is made when missing.
    #[arg(long, env = "PHOTOS_DIR", default_value = "photos")]
    pub photos_dir: PathBuf,

    /// How long a link lives, in seconds.
    #[arg(long, env = "CHEQUE_TTL_SECS", default_value = "86400")]
    pub cheque_ttl_secs: NonZeroU32,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a doc comment on a flattened group would become the program's about text")]
    pub internal_auth: InternalAuthConfig,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a doc comment on a flattened group would become the program's about text")]
    pub workers: WorkersConfig,

    #[command(flatten)]
    #[expect(missing_docs, reason = "as above")]
    pub postgres: PostgresConfig,

    #[command(flatten)]
    #[expect(missing_docs, reason = "as above")]
    pub process: ProcessConfig,

    #[command(subcommand)]
    #[expect(missing_docs, reason = "as above")]
    pub command: Option<Command>,
}

/// The processes that read pictures.
#[derive(Clone, Debug, clap::Args)]
pub struct WorkersConfig {
    /// How many pictures are read at the same time; one for each core and at most four unless given.
    #[arg(id = "workers", long = "workers", env = "OCR_WORKERS")]
    pub count: Option<NonZeroUsize>,

    /// How many more may wait; what comes then is told to come back later.
    #[arg(id = "queue", long = "queue", env = "OCR_QUEUE", default_value = "16")]
    pub queue: NonZeroUsize,

    /// Longest time for one picture, in seconds; then its worker is killed.
    #[arg(long, env = "OCR_PICTURE_SECS", default_value = "60")]
    pub picture_secs: NonZeroU32,

    /// The folder with Tesseract's `rus.traineddata` and `eng.traineddata`; the system's unless given.
    #[arg(long, env = "TESSDATA_DIR")]
    pub tessdata_dir: Option<PathBuf>,
}

impl Config {
    /// How long a link lives.
    pub fn cheque_ttl(&self) -> Duration {
        Duration::from_secs(self.cheque_ttl_secs.get().into())
    }
}

impl WorkersConfig {
    /// How many pictures are read at the same time.
    pub fn count(&self) -> usize {
        let by_cores = || available_parallelism().map_or(1, NonZeroUsize::get).min(WORKERS_DEFAULT_MAX);
        self.count.map_or_else(by_cores, NonZeroUsize::get)
    }

    /// Longest time for one picture.
    pub fn picture_timeout(&self) -> Duration {
        Duration::from_secs(self.picture_secs.get().into())
    }
}
