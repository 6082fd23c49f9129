//! The checkout that this xtask was built from, and its build folder.

use crate::failure::{Doing, Failure};
use std::path::{Path, PathBuf};

/// Paths of the checkout.
#[derive(Clone, Debug)]
pub(crate) struct Checkout {
    root: PathBuf,
}

impl Checkout {
    /// The checkout that this program was built from.
    pub(crate) fn of_this_build() -> Self {
        let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self { root: xtask.parent().unwrap_or(xtask).to_owned() }
    }

    /// Another checkout.
    pub(crate) fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// The root folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path relative to the root folder.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// The text of a file.
    ///
    /// # Errors
    /// Fails if it cannot be read.
    pub(crate) fn read(&self, relative: &str) -> Result<String, Failure> {
        std::fs::read_to_string(self.path(relative)).doing(format!("read {relative}"))
    }

    /// Data, logs and state of running instances; not committed.
    pub(crate) fn local(&self) -> PathBuf {
        self.root.join(".local")
    }

    /// Path of a program built by cargo: relative to this executable, regardless of `CARGO_TARGET_DIR`.
    pub(crate) fn program(name: &str, release: bool) -> PathBuf {
        let this = std::env::current_exe().unwrap_or_default();
        let target = this.parent().and_then(Path::parent).unwrap_or_else(|| Path::new("target"));
        target.join(if release { "release" } else { "debug" }).join(name)
    }
}

/// An environment variable; an empty one counts as unset. One that is not UTF-8 ends the process.
#[expect(
    clippy::disallowed_methods,
    reason = "xtask has no configuration struct; this is its only access to the environment"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    match std::env::var(name) {
        Ok(value) => Some(value).filter(|value| !value.is_empty()),
        Err(std::env::VarError::NotPresent) => None,
        Err(std::env::VarError::NotUnicode(_)) => {
            eprintln!("{name} must be UTF-8");
            std::process::exit(1)
        }
    }
}
