//! The worker's side: a process that reads one picture.

use super::lockdown::{self, LockdownError};
use super::protocol::{self, Message, Refusal};
use reading::engine::Engine;
use reading::read::Progress;
use std::io;
use std::path::Path;

/// Why a worker gave up.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// It cannot ensure that it ends with its parent.
    #[error("tie this process to its parent")]
    Parent(#[source] rustix::io::Errno),
    /// Tesseract or its models are missing.
    #[error("start the engine")]
    Engine(#[from] reading::engine::EngineError),
    /// The kernel refused the isolation.
    #[error("lock this process down")]
    Lockdown(#[from] LockdownError),
    /// The pipe is closed or contains invalid data.
    #[error("communicate with the parent")]
    Pipe(#[from] io::Error),
}

/// Reads one picture from standard input and writes the recognised cheque to standard output.
///
/// Started by the pool, never by hand; see [`super`].
///
/// # Errors
/// [`ChildError`]; an unreadable picture is not an error.
pub fn run(tessdata_dir: Option<&Path>) -> Result<(), ChildError> {
    lockdown::die_with_parent().map_err(ChildError::Parent)?;
    let mut engine = Engine::new(tessdata_dir)?;
    reading::document::use_one_thread();
    // Lock down now, before the first byte of the picture is read: from then on this process itself is untrusted.
    let isolation = lockdown::lock_down()?;
    Message::Ready(isolation).write(io::stdout())?;
    let Some(picture) = protocol::receive_picture(io::stdin())? else {
        return Ok(()); // the parent has ended
    };
    // If the parent has closed the pipe, ignore it here: sending the result will fail too.
    let mut progress = |Progress { step, steps }| drop(Message::Progress { step, steps }.write(io::stdout()));
    let message = match reading::read::read(&mut engine, &picture, &mut progress) {
        Ok(reading) => Message::Done { cheque: Box::new(reading.cheque), photos: reading.photos },
        Err(refusal) => Message::Refused(Refusal::from(refusal)),
    };
    message.write(io::stdout())?;
    Ok(())
}
