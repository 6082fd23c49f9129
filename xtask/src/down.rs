//! `down`: stops what `up` started.

use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use servers::Signal;

use crate::checkout::Checkout;
use crate::console::say;
use crate::failure::Failure;
use crate::instance::{Lock, State, stop_leftovers};

/// Services get 30 s to stop, then servers 30 s.
const LIMIT: Duration = Duration::from_secs(90);

/// Stops the system and waits until everything has ended; data are preserved.
///
/// # Errors
/// Fails if the supervisor does not exit.
pub(crate) fn down(checkout: &Checkout) -> Result<ExitCode, Failure> {
    let folder = checkout.local();
    let began = Instant::now();
    if Lock::is_held(&folder) {
        let Some(state) = State::read(&folder) else {
            return Err(Failure::new(
                "it is running, but its state cannot be read; stop it with Ctrl-C where it was started",
            ));
        };
        state.supervisor.signal(Signal::TERM);
        while Lock::is_held(&folder) {
            if began.elapsed() > LIMIT {
                return Err(Failure::new(format!(
                    "process {} is still stopping after {} s; see .local/logs/up.log",
                    state.supervisor.pid(),
                    LIMIT.as_secs()
                )));
            }
            thread::sleep(Duration::from_millis(20));
        }
        say!("Stopped in {:.1} s; data are preserved.", began.elapsed().as_secs_f64());
        return Ok(ExitCode::SUCCESS);
    }
    let Some(_lock) = Lock::take(&folder)? else {
        return Err(Failure::new("another `up` has just started here"));
    };
    match stop_leftovers(&folder).as_slice() {
        [] => say!("Nothing runs."),
        names => say!("Stopped processes left by a killed `up`: {}.", names.join(", ")),
    }
    Ok(ExitCode::SUCCESS)
}
