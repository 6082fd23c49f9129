//! The life of a process: its tasks run until a signal arrives or a task fails, then all are stopped within a time
//! limit.

use std::future::Future;
use std::process::ExitCode;
use std::time::Duration;
use telemetry::{chain, flush_log, flush_spans};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

/// The tasks of a process and the token that stops them.
#[derive(Clone, Default)]
pub struct Process {
    stopping: CancellationToken,
    failed: CancellationToken,
    tasks: TaskTracker,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shutdown {
    /// On a signal, with all tasks completed.
    Clean,
    /// A task failed, or tasks were still running at the time limit.
    Unclean,
}

impl Process {
    /// Cancelled when the process has to stop.
    pub fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// Runs a named task; if it fails, the process stops.
    pub fn run<F, E>(&self, name: &'static str, task: F)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: std::error::Error + Send + 'static,
    {
        let process = self.clone();
        self.tasks.spawn(async move {
            // A panic counts as a failure: the process must not continue without this task.
            let outcome = tokio::spawn(task).await;
            match outcome {
                Ok(Ok(())) => return,
                Ok(Err(failure)) => {
                    error!(task = name, error = %chain(&failure), "task {name} failed: the process stops");
                }
                Err(panicked) => error!(task = name, error = %panicked, "task {name} panicked: the process stops"),
            }
            process.failed.cancel();
            process.stopping.cancel();
        });
    }

    /// Waits for SIGTERM, SIGINT or a failed task, then signals all tasks to stop and waits at most `limit` for them.
    ///
    /// # Errors
    /// When the signal handlers can't be installed.
    pub async fn run_until_shutdown(self, limit: Duration) -> Result<Shutdown, std::io::Error> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            _ = terminate.recv() => info!("SIGTERM: stopping"),
            _ = interrupt.recv() => info!("SIGINT: stopping"),
            () = self.stopping.cancelled() => {}
        }
        self.stopping.cancel();
        self.tasks.close();
        let in_time = tokio::time::timeout(limit, self.tasks.wait()).await.is_ok();
        if !in_time {
            warn!(limit_secs = limit.as_secs(), "tasks were still running at the limit");
        }
        flush_spans().await;
        flush_log();
        Ok(if in_time && !self.failed.is_cancelled() { Shutdown::Clean } else { Shutdown::Unclean })
    }
}

/// The exit code of `main`; an error at the start is printed to standard error.
pub fn exit_code(outcome: Result<Shutdown, Box<dyn std::error::Error>>) -> ExitCode {
    flush_log();
    match outcome {
        Ok(Shutdown::Clean) => ExitCode::SUCCESS,
        Ok(Shutdown::Unclean) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("can't start: {}", chain(failure.as_ref()));
            ExitCode::FAILURE
        }
    }
}
