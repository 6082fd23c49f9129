//! One worker process, from its parent's side.

use super::program::WorkerProgram;
use super::protocol::{self, Isolation, Message, MessageError, Refusal};
use contracts::cheque::Cheque;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;
use tracing::debug;

/// Time limit for starting a worker; loading Tesseract's models takes a fraction of a second.
const START_TIMEOUT: Duration = Duration::from_secs(30);
/// Time limit for a worker to exit after its last message.
const END_TIMEOUT: Duration = Duration::from_secs(2);
/// Largest part of a worker's standard error that is stored, in bytes; the rest is read and discarded.
const STDERR_BYTES_MAX: usize = 2000;

/// How to start workers.
#[derive(Clone, Debug)]
pub(super) struct WorkerOptions {
    /// The executable.
    pub(super) program: WorkerProgram,
    /// The folder of Tesseract's models; `None` for the system's folder.
    pub(super) tessdata_dir: Option<PathBuf>,
    /// Time limit for one picture.
    pub(super) picture_timeout: Duration,
}

/// A worker that is locked down and waits for its picture.
pub(super) struct Worker {
    child: Child,
    standard_input: ChildStdin,
    messages: BufReader<ChildStdout>,
    stderr: JoinHandle<String>,
    pub(super) isolation: Isolation,
}

/// The result of reading a picture.
#[derive(Debug)]
pub struct Reading {
    /// The recognised cheque.
    pub cheque: Cheque,
    /// Its photos, upright and without metadata: at least one JPEG.
    pub photos: Vec<Vec<u8>>,
}

/// Why a worker did not start.
#[derive(Debug, thiserror::Error)]
pub(super) enum StartError {
    #[error("start a worker process")]
    Spawn(#[source] io::Error),
    #[error("a worker exited before it was ready: {stderr}")]
    Exited { stderr: String },
    #[error("a worker was not ready within {} s", START_TIMEOUT.as_secs())]
    Slow,
}

/// Why a worker did not read its picture.
#[derive(Debug, thiserror::Error)]
pub(super) enum WorkError {
    #[error("the picture was rejected: {0}")]
    Refused(Refusal),
    #[error("the worker exited ({status}): {stderr}")]
    Exited { status: String, stderr: String },
    #[error("the worker was killed after {} s", .0.as_secs())]
    TimedOut(Duration),
    #[error("the worker was killed because it sent an invalid message")]
    Invalid(#[source] MessageError),
}

impl Worker {
    /// Starts a process and waits until it is locked down. Dropping the worker kills it.
    pub(super) async fn start(options: &WorkerOptions) -> Result<Self, StartError> {
        let mut command = Command::new(options.program.path());
        if let Some(folder) = &options.tessdata_dir {
            command.arg("--tessdata-dir").arg(folder);
        }
        // One thread per worker: the pool decides how many cores are used, and the filter forbids more threads.
        command.env_clear().env("OMP_THREAD_LIMIT", "1").current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(StartError::Spawn)?;
        let (Some(standard_input), Some(standard_output), Some(standard_error)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(StartError::Spawn(io::ErrorKind::BrokenPipe.into()));
        };
        let mut messages = BufReader::new(standard_output);
        let stderr = tokio::spawn(read_stderr(standard_error));
        match tokio::time::timeout(START_TIMEOUT, Message::read(&mut messages)).await {
            Err(_) => Err(StartError::Slow),
            Ok(Ok(Message::Ready(isolation))) => Ok(Self { child, standard_input, messages, stderr, isolation }),
            Ok(_) => {
                let _ = child.start_kill();
                Err(StartError::Exited { stderr: stderr.await.unwrap_or_default() })
            }
        }
    }

    /// Waits until the process exits, which it should not do before it gets a picture.
    pub(super) async fn exited(&mut self) {
        // A process that cannot be awaited counts as exited.
        let _ = self.child.wait().await;
    }

    /// Sends the picture and waits for the result. In every case the worker has exited afterwards.
    pub(super) async fn read(
        mut self,
        picture: &[u8],
        timeout: Duration,
        progress: impl FnMut(u32, u32),
    ) -> Result<Reading, WorkError> {
        match tokio::time::timeout(timeout, self.exchange(picture, progress)).await {
            Ok(Ok(reading)) => {
                self.end().await;
                reading.map_err(WorkError::Refused)
            }
            Ok(Err(MessageError::Closed(_))) => Err(self.exit_error().await),
            Ok(Err(invalid @ MessageError::Invalid(_))) => Err(WorkError::Invalid(invalid)),
            Err(_) => Err(WorkError::TimedOut(timeout)),
        }
    }

    async fn exchange(
        &mut self,
        picture: &[u8],
        mut progress: impl FnMut(u32, u32),
    ) -> Result<Result<Reading, Refusal>, MessageError> {
        let head = protocol::picture_length_prefix(picture).map_err(MessageError::Closed)?;
        for part in [head.as_slice(), picture] {
            self.standard_input.write_all(part).await.map_err(MessageError::Closed)?;
        }
        loop {
            match Message::read(&mut self.messages).await? {
                Message::Progress { step, steps } => progress(step, steps),
                Message::Done { cheque, photos } => return Ok(Ok(Reading { cheque: *cheque, photos })),
                Message::Refused(refusal) => return Ok(Err(refusal)),
                Message::Ready(_) => return Err(MessageError::Invalid("ready again".to_owned())),
            }
        }
    }

    /// Waits for the worker to exit after its last message, so that its memory is free before the next one starts.
    async fn end(mut self) {
        if tokio::time::timeout(END_TIMEOUT, self.child.wait()).await.is_err() {
            let _ = self.child.kill().await;
        }
        match self.stderr.await {
            Ok(text) if !text.is_empty() => debug!(text, "standard error of a worker"),
            Ok(_) | Err(_) => {}
        }
    }

    async fn exit_error(mut self) -> WorkError {
        // The pipe is closed: the process has exited, or it is killed here.
        let _ = self.child.start_kill();
        let status = self.child.wait().await.map_or_else(|failure| failure.to_string(), |status| status.to_string());
        WorkError::Exited { status, stderr: self.stderr.await.unwrap_or_default() }
    }
}

/// Reads a worker's standard error to its end, so that the pipe never fills up, and returns the beginning.
async fn read_stderr(mut pipe: ChildStderr) -> String {
    let (mut collected, mut buffer) = (vec![], [0; 1024]);
    while let Ok(length @ 1..) = pipe.read(&mut buffer).await {
        let room = STDERR_BYTES_MAX.saturating_sub(collected.len()).min(length);
        collected.extend_from_slice(&buffer[..room]);
    }
    String::from_utf8_lossy(&collected).trim().to_owned()
}
