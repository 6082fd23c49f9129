//! The program that workers run.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::sync::Arc;

/// Its file's name; it lies beside this program.
const NAME: &str = "ocr-worker";

/// The program of workers, open for as long as they are started: a new version put in its place is not met by this
/// one, whose words it may not know. Cheap to clone.
#[derive(Clone, Debug)]
pub struct WorkerProgram {
    file: Arc<File>,
}

/// It is not where it should be.
#[derive(Debug, thiserror::Error)]
#[error("open the program of workers, {}", path.display())]
pub struct ProgramError {
    path: PathBuf,
    source: io::Error,
}

impl WorkerProgram {
    /// Opens it.
    ///
    /// # Errors
    /// [`ProgramError`] when it can't be opened.
    pub fn open() -> Result<Self, ProgramError> {
        let path = PathBuf::from(NAME);
        let this = std::env::current_exe().map_err(|source| ProgramError { path, source })?;
        let path = this.with_file_name(NAME);
        let file = File::open(&path).map_err(|source| ProgramError { path, source })?;
        Ok(Self { file: Arc::new(file) })
    }

    /// By which path a child of this process starts it. Source: proc(5).
    pub fn path(&self) -> String {
        format!("/proc/self/fd/{}", self.file.as_raw_fd())
    }
}
