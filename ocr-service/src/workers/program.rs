//! The executable file of the workers.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::sync::Arc;

/// Its file name; it lies in the folder of this program.
const NAME: &str = "ocr-worker";

/// The workers' executable, held open: if a new version replaces the file during an upgrade, this process still starts
/// the old one, whose protocol it knows. Cheap to clone.
#[derive(Clone, Debug)]
pub struct WorkerProgram {
    file: Arc<File>,
}

/// The executable cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("open the worker program {}", path.display())]
pub struct ProgramError {
    path: PathBuf,
    source: io::Error,
}

impl WorkerProgram {
    /// Opens the executable.
    ///
    /// # Errors
    /// [`ProgramError`] if it cannot be opened.
    pub fn open() -> Result<Self, ProgramError> {
        let path = PathBuf::from(NAME);
        let this = std::env::current_exe().map_err(|source| ProgramError { path, source })?;
        let path = this.with_file_name(NAME);
        let file = File::open(&path).map_err(|source| ProgramError { path, source })?;
        Ok(Self { file: Arc::new(file) })
    }

    /// The path by which a child of this process starts it. Source: proc(5).
    pub fn path(&self) -> String {
        format!("/proc/self/fd/{}", self.file.as_raw_fd())
    }
}
