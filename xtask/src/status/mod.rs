//! `status`: shows what is running, its readiness, uptime and memory.

mod process;

use std::process::ExitCode;

use crate::checkout::Checkout;
use crate::console::say;
use crate::failure::Failure;
use crate::instance::{Lock, Part, Phase, State};

/// Prints a line per server and service; succeeds only if all are ready.
///
/// # Errors
/// Fails if the state of a running system cannot be read.
pub(crate) fn status(checkout: &Checkout) -> Result<ExitCode, Failure> {
    let folder = checkout.local();
    if !Lock::is_held(&folder) {
        say!("Chipin is not running. `cargo xtask up` starts it.");
        return Ok(ExitCode::FAILURE);
    }
    let state = State::read(&folder).ok_or_else(|| Failure::new("it is running, but its state cannot be read"))?;
    let phase = match state.phase {
        Phase::Starting => "starting; see .local/logs/up.log",
        Phase::Ready => "up",
        Phase::Stopping => "stopping",
        Phase::Failed => "failed; see .local/logs/up.log",
    };
    say!("Chipin is {phase} (supervisor: process {}).\n", state.supervisor.pid());
    if state.parts.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    say!("  NAME              PID   PORT  READY    UPTIME   MEMORY  RESTARTS");
    for part in &state.parts {
        say!("  {}", line(part));
    }
    say!();
    for (label, url) in &state.addresses {
        say!("  {label:<11} {url}");
    }
    let all_ready = state.parts.iter().all(Part::is_ready);
    Ok(ExitCode::from(u8::from(!all_ready)))
}

fn line(part: &Part) -> String {
    let pid = part.process.pid();
    let ready = if part.is_ready() { "yes" } else { "no" };
    format!(
        "{:<16} {pid:>5}  {:>5}  {ready:<5} {:>9} {:>6} MB  {:>8}",
        part.name,
        part.port,
        process::uptime(pid).map_or_else(|| "-".to_owned(), duration),
        process::memory_bytes(pid) >> 20,
        part.restarts
    )
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!(duration(59), "59 s");
        assert_eq!(duration(3_700), "1 h 1 min");
        assert_eq!(duration(90_000), "1 d 1 h");
    }
}
