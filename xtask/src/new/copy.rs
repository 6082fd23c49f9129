//! A temporary copy of the checkout, in which a service can be made.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::checkout::Checkout;
use crate::failure::{Doing, Failure};

/// A copy of the files that git tracks or would track; dropping it deletes it, with what was built in it.
pub(crate) struct Copy(PathBuf);

impl Copy {
    /// Makes the copy in this folder, which must not exist.
    ///
    /// # Errors
    /// Fails if a file cannot be copied.
    pub(crate) fn of(checkout: &Checkout, folder: PathBuf) -> Result<Self, Failure> {
        fs::create_dir_all(&folder).doing(format!("make {}", folder.display()))?;
        let copy = Self(folder);
        let script = "set -o pipefail; \
                      git ls-files -z --cached --others --exclude-standard | tar --null -c --ignore-failed-read -T - | \
                      tar -x -C \"$0\" && cd \"$0\" && git init -q && git add -A";
        let copied = Command::new("bash").args(["-c", script]).arg(&copy.0).current_dir(checkout.root()).output();
        let copied = copied.doing("copy the checkout")?;
        if copied.status.success() {
            return Ok(copy);
        }
        Err(Failure::new(format!("copy the checkout: {}", String::from_utf8_lossy(&copied.stderr))))
    }

    /// The copy as a checkout.
    pub(crate) fn checkout(&self) -> Checkout {
        Checkout::at(self.0.clone())
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // What is left over does not matter.
        let _ = fs::remove_dir_all(&self.0);
    }
}
