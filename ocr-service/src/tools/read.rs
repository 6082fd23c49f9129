//! `ocr-service read FILE...`: reads pictures as the service does, without a server.

use crate::config::WorkersConfig;
use crate::workers::picture;
use crate::workers::pool::Pool;
use crate::workers::stage::{ReadError, Stage};
use axum::body::Bytes;
use contracts::cheque::Cheque;
use contracts::ids::UserId;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;
use telemetry::chain;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

#[derive(Debug, clap::Args)]
pub(super) struct Read {
    /// The pictures.
    #[arg(required = true)]
    files: Vec<PathBuf>,

    #[command(flatten)]
    workers: WorkersConfig,
}

/// One line of the output.
#[derive(Serialize)]
struct Line<'a> {
    file: &'a Path,
    /// Time from when a worker took the picture to its result.
    seconds: f64,
    #[serde(flatten)]
    outcome: Outcome,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Cheque(Box<Cheque>),
    Refused(String),
}

impl Read {
    pub(super) fn run(self) -> ExitCode {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        match runtime {
            Ok(runtime) => match runtime.block_on(self.read_all()) {
                Ok(()) => ExitCode::SUCCESS,
                Err(why) => {
                    eprintln!("{why}");
                    ExitCode::FAILURE
                }
            },
            Err(failure) => super::failed::failed(&failure),
        }
    }

    /// Reads as many pictures in parallel as there are workers, and prints each result at once.
    async fn read_all(self) -> Result<(), String> {
        let stopping = CancellationToken::new();
        let pool = Pool::new(&self.workers).map_err(|failure| chain(&failure))?;
        let running = tokio::spawn(pool.clone().run(stopping.clone()));
        pool.ready().await?;
        let permits = Arc::new(Semaphore::new(self.workers.count()));
        let mut readings = JoinSet::new();
        for file in self.files {
            let (pool, permits) = (pool.clone(), Arc::clone(&permits));
            readings.spawn(async move {
                // The semaphore is never closed, and without a permit the picture would only wait in the pool's queue.
                let permit = permits.acquire_owned().await;
                let (seconds, outcome) = read(&pool, &file).await;
                drop(permit);
                let line = Line { file: &file, seconds, outcome };
                println!("{}", serde_json::json!(line));
            });
        }
        readings.join_all().await;
        stopping.cancel();
        // The pool cannot fail, and a panic is printed where it happens.
        let _ = running.await;
        Ok(())
    }
}

async fn read(pool: &Pool, file: &Path) -> (f64, Outcome) {
    let bytes = match tokio::fs::read(file).await {
        Ok(bytes) => Bytes::from(bytes),
        Err(failure) => return (0.0, Outcome::Refused(failure.to_string())),
    };
    if let Err(refusal) = picture::check(&bytes) {
        return (0.0, Outcome::Refused(refusal.to_string()));
    }
    // Any user: a tool takes no turns.
    let Ok(owner) = UserId::try_from(1) else { return (0.0, Outcome::Refused(String::new())) };
    let (stage, stages) = watch::channel(Stage::Queued { position: None });
    let began = Instant::now();
    let (outcome, taken) = tokio::join!(pool.read(owner, bytes, stage), taken_at(stages));
    let seconds = taken.unwrap_or(began).elapsed().as_secs_f64();
    let outcome = match outcome {
        Ok(reading) => Outcome::Cheque(Box::new(reading.cheque)),
        Err(failure) => Outcome::Refused(ReadError::to_string(&failure)),
    };
    (seconds, outcome)
}

/// When a worker took the picture.
async fn taken_at(mut stages: watch::Receiver<Stage>) -> Option<Instant> {
    stages.wait_for(|stage| matches!(stage, Stage::Reading { .. })).await.ok()?;
    Some(Instant::now())
}
