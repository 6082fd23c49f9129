//! The pool of workers, with a queue of pictures.

use super::program::{ProgramError, WorkerProgram};
use super::queue::{Job, Queue, QueueError};
use super::stage::{ReadError, Stage};
use super::worker::{WorkError, Worker, WorkerOptions};
use crate::config::WorkersConfig;
use crate::tessdata::TessdataDir;
use axum::body::Bytes;
use contracts::ids::UserId;
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use telemetry::chain;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

pub use super::worker::Reading;

/// Shortest and longest delay after a worker failed to start.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// How often a tool checks whether a worker has started.
const POLL_INTERVAL: Duration = Duration::from_millis(10);
/// Estimated duration of a picture before the first one was read, in seconds.
const SECONDS_GUESS: f64 = 5.0;
/// Weight of the latest picture in the moving average of durations.
const SECONDS_WEIGHT: f64 = 0.2;
/// Upper limit of `Retry-After`, in seconds.
const RETRY_AFTER_SECS_MAX: u32 = 120;

/// The pool of workers; cheap to clone.
#[derive(Clone)]
pub struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    queue: Queue,
    options: WorkerOptions,
    count: usize,
    /// Number of workers whose latest start succeeded; with 0, no picture can be read.
    working_slots: AtomicUsize,
    /// The error of the latest failed start.
    start_failure: Mutex<Option<String>>,
    /// Moving average of the duration of a picture, in seconds.
    seconds: Mutex<f64>,
}

impl Pool {
    /// Creates a pool that does not run yet.
    ///
    /// # Errors
    /// [`ProgramError`] if the worker program cannot be opened.
    pub fn new(config: &WorkersConfig) -> Result<Self, ProgramError> {
        let options = WorkerOptions {
            program: WorkerProgram::open()?,
            tessdata_dir: config.tessdata_dir.as_ref().map(TessdataDir::to_path),
            picture_timeout: config.picture_timeout(),
        };
        let shared = Shared {
            queue: Queue::new(config.queue_limits()),
            options,
            count: config.count(),
            working_slots: AtomicUsize::new(0),
            start_failure: Mutex::default(),
            seconds: Mutex::new(SECONDS_GUESS),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Runs the workers until `stopping` is cancelled; pictures that are queued by then are still read.
    ///
    /// # Errors
    /// Never: a failed start is logged and retried.
    pub async fn run(self, stopping: CancellationToken) -> Result<(), Infallible> {
        let mut slots = JoinSet::new();
        for _ in 0..self.shared.count {
            slots.spawn(Arc::clone(&self.shared).supervise_slot(stopping.clone()));
        }
        stopping.cancelled().await;
        self.shared.queue.close();
        slots.join_all().await;
        Ok(())
    }

    /// Reads a picture of `owner` when its turn comes. Dropping the future removes it from the queue, or kills its worker.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn read(&self, owner: UserId, picture: Bytes, stage: watch::Sender<Stage>) -> Result<Reading, ReadError> {
        if self.shared.working_slots.load(Ordering::Relaxed) == 0 {
            return Err(ReadError::Unavailable);
        }
        let (answer, answered) = oneshot::channel();
        let entry = self.shared.queue.join(owner, picture, stage, answer).map_err(|error| match error {
            QueueError::Full => ReadError::QueueFull { retry_after_secs: self.shared.seconds_until_free() },
            QueueError::UserFull => ReadError::TooMany,
            QueueError::Closed => ReadError::Unavailable,
        })?;
        let outcome = answered.await.unwrap_or(Err(ReadError::Unavailable));
        drop(entry);
        outcome
    }

    /// Waits until a worker has started; for tools.
    ///
    /// # Errors
    /// The reason, as soon as a worker fails to start.
    pub async fn ready(&self) -> Result<(), String> {
        while self.shared.working_slots.load(Ordering::Relaxed) == 0 {
            if let Some(why) = self.shared.start_failure() {
                return Err(why);
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        Ok(())
    }

    /// Whether pictures can be read, for `/readyz`.
    ///
    /// # Errors
    /// A message for the readiness report.
    pub fn check(&self) -> Result<(), String> {
        match self.shared.working_slots.load(Ordering::Relaxed) {
            0 => Err(self.shared.start_failure().unwrap_or_else(|| "no worker has started yet".to_owned())),
            1.. => Ok(()),
        }
    }
}

impl Shared {
    /// Supervises one worker slot: starts a worker ahead of its picture, and the next one after it.
    async fn supervise_slot(self: Arc<Self>, stopping: CancellationToken) {
        let (mut pause, mut works) = (PAUSE_MIN, false);
        // A single failure may be an accident and is not reported as an outage; the second in a row is.
        let mut failed_before = false;
        loop {
            let started = tokio::select! {
                started = Worker::start(&self.options) => started,
                () = stopping.cancelled(), if self.queue.length() == 0 => return,
            };
            match started {
                Ok(worker) => {
                    if !std::mem::replace(&mut works, true) {
                        self.working_slots.fetch_add(1, Ordering::Relaxed);
                        info!(landlock = worker.isolation.landlock, "worker locked down and ready");
                    }
                    (pause, failed_before) = (PAUSE_MIN, false);
                    if self.run_worker(worker).await.is_none() {
                        return;
                    }
                }
                Err(failure) => {
                    if std::mem::replace(&mut failed_before, true) && std::mem::take(&mut works) {
                        self.mark_slot_failed();
                    }
                    metrics::counter!("ocr_worker_start_failures_total").increment(1);
                    let why = chain(&failure);
                    warn!(error = why, pause_ms = pause.as_millis(), "a worker failed to start");
                    *self.start_failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
                    tokio::select! {
                        () = tokio::time::sleep(pause) => pause = (pause * 2).min(PAUSE_MAX),
                        () = stopping.cancelled() => return,
                    }
                }
            }
        }
    }

    /// Waits for a picture and lets the worker read it; `None` if there will be no more pictures.
    async fn run_worker(&self, mut worker: Worker) -> Option<()> {
        let job = tokio::select! {
            // `biased` checks this first: a picture must not be given to a worker that has exited.
            biased;
            () = worker.exited() => {
                warn!("a worker exited while waiting for a picture");
                metrics::counter!("ocr_worker_deaths_total").increment(1);
                // A delay, so that a permanent cause does not kill workers in a tight loop.
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
        let reading = worker.read(&picture, self.options.picture_timeout, |step, steps| {
            stage.send_replace(Stage::Reading { step, steps });
        });
        let outcome = tokio::select! {
            outcome = reading => outcome,
            // The requester is gone; returning drops the reading future, which kills the worker.
            () = answer.closed() => return,
        };
        let seconds = began.elapsed().as_secs_f64();
        metrics::histogram!("ocr_picture_seconds").record(seconds);
        self.record_duration(seconds);
        let outcome = outcome.map_err(|failure| match failure {
            WorkError::Refused(refusal) => ReadError::Refused(refusal),
            WorkError::Exited { .. } | WorkError::TimedOut(_) | WorkError::Invalid(_) => {
                let why = chain(&failure);
                metrics::counter!("ocr_worker_deaths_total").increment(1);
                warn!(error = why, bytes = picture.len(), seconds, "picture could not be read");
                ReadError::Unreadable { why }
            }
        });
        // The requester may have left in this moment.
        let _ = answer.send(outcome);
    }

    /// A slot cannot start workers. If it was the last working slot, all queued pictures are rejected.
    fn mark_slot_failed(&self) {
        if self.working_slots.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.queue.reject_all();
        }
    }

    fn start_failure(&self) -> Option<String> {
        self.start_failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn record_duration(&self, seconds: f64) {
        let mut average = self.seconds.lock().unwrap_or_else(PoisonError::into_inner);
        *average += SECONDS_WEIGHT * (seconds - *average);
    }

    /// Estimated seconds until there is space in the full queue: when a worker takes the next picture.
    fn seconds_until_free(&self) -> u32 {
        let seconds = *self.seconds.lock().unwrap_or_else(PoisonError::into_inner);
        let workers = u32::try_from(self.count).unwrap_or(u32::MAX);
        let whole = (Duration::from_secs_f64(seconds.max(0.0)) / workers).as_secs() + 1;
        u32::try_from(whole).unwrap_or(RETRY_AFTER_SECS_MAX).min(RETRY_AFTER_SECS_MAX)
    }
}
