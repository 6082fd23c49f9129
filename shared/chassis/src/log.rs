//! Where log lines go: to standard output, written by a thread of their own.
//!
//! A line costs its writer no system call. Under load many lines are written with one; a lone line is written at once.

use std::fs::File;
use std::io::{self, BufWriter};
use std::os::fd::AsFd;
use std::sync::{Mutex, PoisonError};
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};

/// Bytes that are written with one call at most.
const BUFFER_BYTES: usize = 64 * 1024;

static THREAD: Mutex<Option<WorkerGuard>> = Mutex::new(None);

/// Starts the thread; [`finish`] ends it.
///
/// # Errors
/// When standard output is closed.
pub(crate) fn start() -> io::Result<NonBlocking> {
    // Standard output itself is written line by line, whatever is put before it.
    let output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let buffered = BufWriter::with_capacity(BUFFER_BYTES, output);
    // Not lossy: whoever logs more than can be written waits.
    let (writer, guard) = NonBlockingBuilder::default().lossy(false).finish(buffered);
    *THREAD.lock().unwrap_or_else(PoisonError::into_inner) = Some(guard);
    Ok(writer)
}

/// Writes what is not written yet; nothing is logged afterwards.
pub(crate) fn finish() {
    drop(THREAD.lock().unwrap_or_else(PoisonError::into_inner).take());
}
