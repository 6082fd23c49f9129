//! Ctrl-C and SIGTERM as a flag that long steps check.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::failure::{Doing, Failure};

/// Whether a stop was requested.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From now on, signals set the flag instead of ending this process.
    ///
    /// # Errors
    /// Fails if the signal handler cannot be installed.
    pub(crate) fn watch() -> Result<Self, Failure> {
        let flag = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(&flag)).doing("watch for signals")?;
        }
        Ok(Self(flag))
    }

    /// Whether the flag is set.
    pub(crate) fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Sets the flag, as a signal would.
    pub(crate) fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Returns a [`Failure`] if the flag is set.
    ///
    /// # Errors
    /// If the flag is set.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if self.is_raised() {
            return Err(Failure::new("interrupted"));
        }
        Ok(())
    }
}
