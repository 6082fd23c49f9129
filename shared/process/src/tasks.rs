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

/// When a task may end without an error.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    WithProcess,
    WhenDone,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shutdown {
    /// On a signal, with all tasks completed.
    Clean,
    /// A task failed or ended early, or tasks were still running at the time limit.
    Unclean,
}

impl Process {
    /// Cancelled when the process has to stop.
    pub fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// Runs a named task for as long as the process; if it fails, or ends before it has to, the process stops.
    pub fn run<F, E>(&self, name: &'static str, task: F)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: std::error::Error + Send + 'static,
    {
        self.spawn(name, Ends::WithProcess, task);
    }

    /// Runs a named task that ends when its work is done; if it fails, the process stops.
    pub fn run_once<F, E>(&self, name: &'static str, task: F)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: std::error::Error + Send + 'static,
    {
        self.spawn(name, Ends::WhenDone, task);
    }

    fn spawn<F, E>(&self, name: &'static str, ends: Ends, task: F)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: std::error::Error + Send + 'static,
    {
        let process = self.clone();
        self.tasks.spawn(async move {
            // A panic counts as a failure: the process must not continue without this task.
            let outcome = tokio::spawn(task).await;
            match outcome {
                Ok(Ok(())) if ends == Ends::WhenDone || process.stopping.is_cancelled() => return,
                Ok(Ok(())) => error!(task = name, "task {name} ended before the process: the process stops"),
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

/// The exit code of `main`; an error at the start is [reported](configuration::report) on standard error.
pub fn exit_code(outcome: Result<Shutdown, Box<dyn std::error::Error>>) -> ExitCode {
    flush_log();
    match outcome {
        Ok(Shutdown::Clean) => ExitCode::SUCCESS,
        Ok(Shutdown::Unclean) => ExitCode::FAILURE,
        Err(failure) => {
            configuration::report(&format!("can't start: {}", chain(failure.as_ref())));
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use std::future::{Ready, ready};

    const LIMIT: Duration = Duration::from_secs(5);

    fn done() -> Ready<Result<(), Infallible>> {
        ready(Ok(()))
    }

    /// How a process with these tasks ends; `None` if it goes on.
    async fn ending(process: &Process) -> Option<Shutdown> {
        let ended = process.clone().run_until_shutdown(LIMIT);
        tokio::time::timeout(Duration::from_millis(300), ended).await.ok().map(Result::unwrap)
    }

    #[tokio::test]
    async fn a_task_that_ends_before_the_process_is_a_failure() {
        let process = Process::default();
        process.run("too early", done());
        assert_eq!(ending(&process).await, Some(Shutdown::Unclean));
    }

    #[tokio::test]
    async fn a_task_may_end_when_its_work_is_done_or_the_process_stops() {
        let process = Process::default();
        process.run_once("set up", done());
        process.run("server", {
            let stopping = process.stopping();
            async move {
                stopping.cancelled().await;
                done().await
            }
        });
        assert_eq!(ending(&process).await, None);
        process.stopping().cancel();
        assert_eq!(ending(&process).await, Some(Shutdown::Clean));
    }
}
