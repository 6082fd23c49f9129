//! The workers, and the line in front of them.

use super::program::{ProgramError, WorkerProgram};
use super::protocol::Refusal;
use super::queue::{Job, Queue, Turned};
use super::worker::{Recipe, WorkError, Worker};
use crate::config::WorkersConfig;
use axum::body::Bytes;
use chassis::process::chain;
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

pub use super::worker::Reading;

/// First and longest pause after a worker that could not start.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// How often a tool looks whether a worker has started.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// What a picture is thought to take before the first was read, in seconds.
const SECONDS_GUESS: f64 = 5.0;
/// How much the latest picture counts for the next guess.
const SECONDS_WEIGHT: f64 = 0.2;
/// Longest time after which somebody is asked to come back, in seconds.
const RETRY_AFTER_SECS_MAX: u32 = 120;

/// The workers; cheap to clone.
#[derive(Clone)]
pub struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    queue: Queue,
    recipe: Recipe,
    count: usize,
    /// Workers that started when last tried: none means that nothing can be read.
    able: AtomicUsize,
    /// Why the last worker that did not start did not start.
    start_failure: Mutex<Option<String>>,
    /// Seconds that a picture takes, lately.
    seconds: Mutex<f64>,
}

/// Where a reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It waits; `position` 1 is next. `None` while it has not joined the line.
    Queued {
        /// Its place in the line.
        position: Option<u32>,
    },
    /// It is being read.
    Reading {
        /// The step that is being done, from 1.
        step: u32,
        /// How many there are, as far as is known.
        steps: u32,
    },
    /// It was read.
    Read,
    /// It was not.
    Refused,
}

/// Why a picture was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is not fit to be read.
    #[error("{0}")]
    Refused(Refusal),
    /// It killed its worker, or took all that a worker may take.
    #[error("the picture could not be read: {why}")]
    Unreadable {
        /// What became of the worker: for logs and tools.
        why: String,
    },
    /// Too many others wait.
    #[error("too many pictures wait to be read")]
    QueueFull {
        /// When a place should be free, in seconds.
        retry_after_secs: u32,
    },
    /// No worker starts, or the process stops.
    #[error("nothing can be read right now")]
    Unavailable,
}

impl Pool {
    /// A pool that is not running yet.
    ///
    /// # Errors
    /// [`ProgramError`] when there is nothing that workers could run.
    pub fn new(config: &WorkersConfig) -> Result<Self, ProgramError> {
        let recipe = Recipe {
            program: WorkerProgram::open()?,
            tessdata_dir: config.tessdata_dir.clone(),
            picture_timeout: config.picture_timeout(),
        };
        metrics::describe_histogram!("ocr_picture_seconds", "Time from a worker's getting a picture to its answer.");
        metrics::describe_counter!("ocr_worker_deaths_total", "Workers that died, or were killed, over a picture.");
        let shared = Shared {
            queue: Queue::new(config.queue.get()),
            recipe,
            count: config.count(),
            able: AtomicUsize::new(0),
            start_failure: Mutex::default(),
            seconds: Mutex::new(SECONDS_GUESS),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Runs the workers until `stopping`; pictures that wait by then are still read.
    ///
    /// # Errors
    /// None: a worker that does not start is logged and started again.
    pub async fn run(self, stopping: CancellationToken) -> Result<(), Infallible> {
        let mut places = JoinSet::new();
        for _ in 0..self.shared.count {
            places.spawn(Arc::clone(&self.shared).fill_place(stopping.clone()));
        }
        stopping.cancelled().await;
        self.shared.queue.close();
        places.join_all().await;
        Ok(())
    }

    /// Reads a picture, after those that came before; dropping the future gives its place up, or its worker.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn read(&self, picture: Bytes, stage: watch::Sender<Stage>) -> Result<Reading, ReadError> {
        if self.shared.able.load(Ordering::Relaxed) == 0 {
            return Err(ReadError::Unavailable);
        }
        let (answer, answered) = oneshot::channel();
        let place = self.shared.queue.join(picture, stage, answer).map_err(|turned| match turned {
            Turned::Full => ReadError::QueueFull { retry_after_secs: self.shared.seconds_until_free() },
            Turned::Closed => ReadError::Unavailable,
        })?;
        let outcome = answered.await.unwrap_or(Err(ReadError::Unavailable));
        drop(place);
        outcome
    }

    /// Waits until a worker is there; for tools, which have nothing else to do.
    ///
    /// # Errors
    /// As soon as one could not start, with the reason.
    pub async fn ready(&self) -> Result<(), String> {
        while self.shared.able.load(Ordering::Relaxed) == 0 {
            if let Some(why) = self.shared.start_failure() {
                return Err(why);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// Whether pictures can be read, for `/readyz`.
    ///
    /// # Errors
    /// Words for the report.
    pub fn check(&self) -> Result<(), String> {
        match self.shared.able.load(Ordering::Relaxed) {
            0 => Err(self.shared.start_failure().unwrap_or_else(|| "no worker has started yet".to_owned())),
            1.. => Ok(()),
        }
    }
}

impl Shared {
    /// Keeps one worker: starts it ahead of its picture, and the next one after it.
    async fn fill_place(self: Arc<Self>, stopping: CancellationToken) {
        let (mut pause, mut able) = (PAUSE_MIN, false);
        // One failure may be an accident, of which nobody is to hear; the second in a row is a state.
        let mut failed_before = false;
        loop {
            let started = tokio::select! {
                started = Worker::start(&self.recipe) => started,
                () = stopping.cancelled(), if self.queue.length() == 0 => return,
            };
            match started {
                Ok(worker) => {
                    if !std::mem::replace(&mut able, true) {
                        self.able.fetch_add(1, Ordering::Relaxed);
                        info!(landlock = worker.isolation.landlock, "a worker is locked down and ready");
                    }
                    (pause, failed_before) = (PAUSE_MIN, false);
                    if self.use_up(worker).await.is_none() {
                        return;
                    }
                }
                Err(failure) => {
                    if std::mem::replace(&mut failed_before, true) && std::mem::take(&mut able) {
                        self.one_less_able();
                    }
                    metrics::counter!("ocr_worker_start_failures_total").increment(1);
                    let why = chain(&failure);
                    warn!(error = why, pause_ms = pause.as_millis(), "a worker did not start");
                    *self.start_failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
                    tokio::select! {
                        () = tokio::time::sleep(pause) => pause = (pause * 2).min(PAUSE_MAX),
                        () = stopping.cancelled() => return,
                    }
                }
            }
        }
    }

    /// Waits for a picture and has it read; `None` when no more will come.
    async fn use_up(&self, mut worker: Worker) -> Option<()> {
        let job = tokio::select! {
            // This first, always: a picture must not be given to a worker that has ended.
            biased;
            () = worker.died() => {
                warn!("a worker ended while it waited for a picture");
                metrics::counter!("ocr_worker_deaths_total").increment(1);
                // Whatever kills idle workers is not to be kept busy.
                tokio::time::sleep(PAUSE_MIN).await;
                return Some(());
            }
            job = self.queue.next() => job?,
        };
        self.serve(worker, job).await;
        Some(())
    }

    async fn serve(&self, worker: Worker, job: Job) {
        let Job { picture, stage, mut answer, .. } = job;
        stage.send_replace(Stage::Reading { step: 0, steps: 0 });
        let began = Instant::now();
        let reading = worker.read(&picture, self.recipe.picture_timeout, |step, steps| {
            stage.send_replace(Stage::Reading { step, steps });
        });
        let outcome = tokio::select! {
            outcome = reading => outcome,
            // Nobody waits any more; with the future the worker is dropped, and killed.
            () = answer.closed() => return,
        };
        let seconds = began.elapsed().as_secs_f64();
        metrics::histogram!("ocr_picture_seconds").record(seconds);
        self.learn(seconds);
        let outcome = outcome.map_err(|failure| match failure {
            WorkError::Refused(refusal) => ReadError::Refused(refusal),
            WorkError::Died { .. } | WorkError::TimedOut(_) | WorkError::Nonsense(_) => {
                let why = chain(&failure);
                metrics::counter!("ocr_worker_deaths_total").increment(1);
                warn!(error = why, bytes = picture.len(), seconds, "a picture could not be read");
                ReadError::Unreadable { why }
            }
        });
        // Who asked may have left this very moment.
        let _ = answer.send(outcome);
    }

    /// A place can't be filled. When it was the last one, nobody is kept waiting.
    fn one_less_able(&self) {
        if self.able.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.queue.send_away();
        }
    }

    fn start_failure(&self) -> Option<String> {
        self.start_failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn learn(&self, seconds: f64) {
        let mut known = self.seconds.lock().unwrap_or_else(PoisonError::into_inner);
        *known += SECONDS_WEIGHT * (seconds - *known);
    }

    /// In how many seconds a place in the full line should be free: when any worker takes the next picture.
    fn seconds_until_free(&self) -> u32 {
        let seconds = *self.seconds.lock().unwrap_or_else(PoisonError::into_inner);
        let workers = u32::try_from(self.count).unwrap_or(u32::MAX);
        let whole = (Duration::from_secs_f64(seconds.max(0.0)) / workers).as_secs() + 1;
        u32::try_from(whole).unwrap_or(RETRY_AFTER_SECS_MAX).min(RETRY_AFTER_SECS_MAX)
    }
}
