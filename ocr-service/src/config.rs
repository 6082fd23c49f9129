//! Configuration of ocr-service.

use crate::store::quotas::DailyQuota;
use crate::tessdata::TessdataDir;
use crate::workers::queue::QueueLimits;
use configuration::{Origin, RedisUrl, Seconds, Whole};
use process::config::Command;
use service::ServiceConfig;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread::available_parallelism;
use std::time::Duration;

/// Upper limit of the default number of workers: reading needs a full core, and each worker takes some hundred
/// megabytes.
const WORKERS_DEFAULT_MAX: usize = 4;

/// Recognises cheques on photos.
///
/// Tools: `ocr-service read FILE...` reads pictures without a server, `ocr-service isolation` shows what a worker
/// cannot do.
#[derive(Clone, Debug, clap::Parser)]
#[command(version)]
pub struct Config {
    /// Address to listen on. Only the gateway should be able to reach it.
    #[arg(long, env = "LISTEN_ADDR", default_value = "127.0.0.1:8003")]
    pub listen_addr: SocketAddr,

    /// URL of the cache where links are found before their event arrives: `redis://:password@host:port`.
    #[arg(long, env = "REDIS_URL", hide_env_values = true)]
    pub redis_url: RedisUrl,

    /// Base URL of share links: the origin where the gateway serves `/small-router`.
    #[arg(long, env = "SHARE_BASE_URL", default_value = "http://localhost:8090")]
    pub share_base_url: Origin,

    /// Folder for the photos; created if missing.
    #[arg(long, env = "PHOTOS_DIR", default_value = "photos")]
    pub photos_dir: PathBuf,

    /// Lifetime of a new link and of its photo, in seconds. The link is renewed by every change of the cheque.
    #[arg(long, env = "CHEQUE_TTL_SECS", default_value = "2592000")]
    pub cheque_ttl_secs: Seconds,

    /// Largest number of pictures that a user may have read in a day (UTC).
    #[arg(long, env = "OCR_PICTURES_PER_DAY", default_value = "200")]
    pub pictures_per_day: Whole<1, 1_000_000>,

    /// Largest size of the pictures that a user may have read in a day (UTC), in megabytes.
    #[arg(long, env = "OCR_MEGABYTES_PER_DAY", default_value = "500")]
    pub megabytes_per_day: Whole<1, 1_000_000>,

    /// The worker processes that read pictures.
    #[command(flatten)]
    pub workers: WorkersConfig,

    /// What all services share.
    #[command(flatten)]
    pub service: ServiceConfig,

    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Settings of the worker processes that read pictures.
#[derive(Clone, Debug, clap::Args)]
pub struct WorkersConfig {
    /// Number of pictures read in parallel. Default: one per core, at most four.
    #[arg(id = "workers", long = "workers", env = "OCR_WORKERS")]
    pub count: Option<Whole<1, 1000>>,

    /// Largest number of waiting pictures; further ones are rejected with Retry-After.
    #[arg(id = "queue", long = "queue", env = "OCR_QUEUE", default_value = "16")]
    pub queue: Whole<1, 10_000>,

    /// Largest number of waiting pictures of one user.
    #[arg(id = "queue_per_user", long = "queue-per-user", env = "OCR_QUEUE_PER_USER", default_value = "4")]
    pub queue_per_user: Whole<1, 10_000>,

    /// Time limit for one picture, in seconds; then its worker is killed.
    #[arg(long, env = "OCR_PICTURE_SECS", default_value = "60")]
    pub picture_secs: Seconds,

    /// Folder with Tesseract's `rus.traineddata` and `eng.traineddata`. Default: the system's folder.
    #[arg(long, env = "TESSDATA_DIR")]
    pub tessdata_dir: Option<TessdataDir>,
}

impl Config {
    /// What a user may have read in a day.
    pub(crate) fn daily_quota(&self) -> DailyQuota {
        let [pictures, megabytes] = [self.pictures_per_day, self.megabytes_per_day].map(|limit| i64::from(limit.get()));
        DailyQuota { pictures, bytes: megabytes * 1_000_000 }
    }

    /// Lifetime of a link.
    pub fn cheque_ttl(&self) -> Duration {
        self.cheque_ttl_secs.duration()
    }
}

impl WorkersConfig {
    /// Number of pictures read in parallel.
    pub fn count(&self) -> usize {
        let by_cores = || available_parallelism().map_or(1, NonZeroUsize::get).min(WORKERS_DEFAULT_MAX);
        self.count.map_or_else(by_cores, Whole::count)
    }

    /// How many pictures may wait.
    pub(crate) fn queue_limits(&self) -> QueueLimits {
        QueueLimits { length: self.queue.count(), per_user: self.queue_per_user.count() }
    }

    /// Time limit for one picture.
    pub fn picture_timeout(&self) -> Duration {
        self.picture_secs.duration()
    }
}
