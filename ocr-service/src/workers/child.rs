//! The inside of a worker: a process that reads one picture.

use super::lockdown::{self, LockdownError};
use super::protocol::{self, Refusal, Word};
use reading::engine::Engine;
use reading::read::Progress;
use std::io;
use std::path::Path;

/// Why a worker gave up.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// It could outlive its parent.
    #[error("tie this process to its parent")]
    Parent(#[source] rustix::io::Errno),
    /// Tesseract or its data are missing.
    #[error("start the engine")]
    Engine(#[from] reading::engine::EngineError),
    /// The kernel would not hold it in.
    #[error("lock this process down")]
    Lockdown(#[from] LockdownError),
    /// The parent does not listen, or sends nonsense.
    #[error("talk to the parent")]
    Pipe(#[from] io::Error),
}

/// Reads one picture from standard input and says what stands on it on standard output.
///
/// It is started by the pool, never by hand; see [`super`].
///
/// # Errors
/// [`ChildError`]; a picture that can't be read is none.
pub fn run(tessdata_dir: Option<&Path>) -> Result<(), ChildError> {
    lockdown::die_with_parent().map_err(ChildError::Parent)?;
    let mut engine = Engine::new(tessdata_dir)?;
    // From here on this process trusts nobody, itself included: no byte of a picture has been seen yet.
    let isolation = lockdown::lock_down()?;
    Word::Ready(isolation).say(io::stdout())?;
    let Some(picture) = protocol::receive_picture(io::stdin())? else {
        return Ok(()); // the parent has ended
    };
    // A parent that does not listen any more is not worth a word; the last one will fail, too.
    let mut progress = |Progress { step, steps }| drop(Word::Progress { step, steps }.say(io::stdout()));
    let word = match reading::read::read(&mut engine, &picture, &mut progress) {
        Ok(reading) => Word::Done { cheque: Box::new(reading.cheque), photo: reading.photo },
        Err(refusal) => Word::Refused(Refusal::from(refusal)),
    };
    word.say(io::stdout())?;
    Ok(())
}
