//! Ctrl-C and SIGTERM as a flag that long steps look at.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::failure::{Doing, Failure};

/// Whether somebody asked us to stop.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From now on signals no longer end this process but raise the flag.
    ///
    /// # Errors
    /// Fails if the system refuses a handler.
    pub(crate) fn watch() -> Result<Self, Failure> {
        let flag = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(&flag)).doing("watch for signals")?;
        }
        Ok(Self(flag))
    }

    /// Whether the flag is up.
    pub(crate) fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Puts the flag up, as a signal would.
    pub(crate) fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// A [`Failure`] if the flag is up.
    ///
    /// # Errors
    /// When the flag is up.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if self.is_raised() {
            return Err(Failure::new("interrupted"));
        }
        Ok(())
    }
}
