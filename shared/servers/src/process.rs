//! A process, identified so that a later process with the same id is not mistaken for it.

use std::fmt;
use std::fs;
use std::str::FromStr;

use rustix::process::{Pid, Signal, geteuid, kill_process, kill_process_group};

/// A process id with the start time of the process.
///
/// Process ids are reused, almost certainly after a reboot. A recorded process is trusted only while `/proc` shows the
/// same start time in the same boot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    pid: u32,
    /// Start time in clock ticks after boot.
    started_ticks: u64,
    boot: String,
}

impl Process {
    /// The process that has this id now, if any. A process that has ended but is not reaped yet does not count.
    pub fn running(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let started_ticks = parse_running(&stat)?;
        Some(Self { pid, started_ticks, boot: boot_id() })
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether this same process is still running.
    pub fn is_running(&self) -> bool {
        Self::running(self.pid).as_ref() == Some(self)
    }

    /// Sends `signal` to this process; returns whether it was running.
    pub fn signal(&self, signal: Signal) -> bool {
        self.is_running() && rustix_pid(self.pid).is_some_and(|pid| kill_process(pid, signal).is_ok())
    }

    /// Sends `signal` to the process group that this process leads.
    pub fn signal_group(&self, signal: Signal) -> bool {
        self.is_running() && rustix_pid(self.pid).is_some_and(|pid| kill_process_group(pid, signal).is_ok())
    }
}

/// The format of a process in a record file.
impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.pid, self.started_ticks, self.boot)
    }
}

impl FromStr for Process {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.trim().splitn(3, ':');
        let mut next = || parts.next().ok_or(());
        Ok(Self {
            pid: next()?.parse().map_err(|_| ())?,
            started_ticks: next()?.parse().map_err(|_| ())?,
            boot: next()?.to_owned(),
        })
    }
}

/// Makes this process the leader of a new session, so that closing the terminal does not end it.
///
/// # Errors
/// If it is already the leader of a process group.
pub fn leave_session() -> std::io::Result<()> {
    rustix::process::setsid()?;
    Ok(())
}

/// Whether this process runs as root.
pub fn is_root() -> bool {
    geteuid().is_root()
}

fn rustix_pid(pid: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(pid).ok()?)
}

fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
}

/// Reads field 22 (`starttime`) of `/proc/<pid>/stat`; `None` for a zombie.
///
/// The name in field 2 may contain spaces and brackets, so fields are counted after the last bracket. Source: proc(5).
fn parse_running(stat: &str) -> Option<u64> {
    let after_name = &stat[stat.rfind(')')? + 1..];
    let mut fields = after_name.split_whitespace();
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_can_be_written_and_parsed() {
        let me = Process::running(std::process::id()).unwrap();
        assert_eq!(me.to_string().parse(), Ok(me.clone()));
        assert!(me.is_running());
    }

    #[test]
    fn a_reused_process_id_is_not_the_same_process() {
        let me = Process::running(std::process::id()).unwrap();
        let earlier = Process { started_ticks: me.started_ticks - 1, ..me.clone() };
        let before_reboot = Process { boot: "another".to_owned(), ..me };
        assert!(!earlier.is_running());
        assert!(!before_reboot.is_running());
    }

    #[test]
    fn a_name_with_brackets_does_not_shift_the_fields() {
        let stat = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20";
        assert_eq!(parse_running(stat), Some(4242));
        assert_eq!(parse_running(&stat.replace(" S ", " Z ")), None);
    }
}
