//! The lock of a running instance. The kernel releases it when the process ends for any reason.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::Path;

use crate::failure::{Doing, Failure};

/// The exclusive right to run the instance of a folder.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock; `None` if another process holds it.
    ///
    /// # Errors
    /// Fails if the lock file cannot be created.
    pub(crate) fn take(folder: &Path) -> Result<Option<Self>, Failure> {
        let path = folder.join("lock");
        let doing = || format!("lock {}", path.display());
        fs::create_dir_all(folder).doing(doing())?;
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).doing(doing())?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(Failure::because(doing(), &error)),
        }
    }

    /// Whether a process runs the instance.
    pub(crate) fn is_held(folder: &Path) -> bool {
        let Ok(file) = File::open(folder.join("lock")) else {
            return false;
        };
        matches!(file.try_lock(), Err(TryLockError::WouldBlock))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_holds_the_lock_until_it_is_released() {
        let folder = std::env::temp_dir().join(format!("xtask-lock-{}", std::process::id()));
        let first = Lock::take(&folder).unwrap();
        assert!(first.is_some());
        assert!(Lock::take(&folder).unwrap().is_none());
        assert!(Lock::is_held(&folder));
        drop(first);
        assert!(!Lock::is_held(&folder));
        fs::remove_dir_all(folder).unwrap();
    }
}
