//! A long-running child process: its log, its record on disk, its readiness, and its end.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::{Process, StartError, tail};

const POLL: Duration = Duration::from_millis(20);
const TAIL_LINES: usize = 30;

/// A log above this size is renamed before the next start; the previously renamed one is deleted.
const LOG_BYTES_MAX: u64 = 16 << 20;

/// What to run as a daemon, and where to write its files.
#[derive(Debug)]
pub struct Launch {
    /// The daemon's name in messages.
    pub name: String,
    /// The program with arguments and environment.
    pub command: Command,
    /// The log file for its output.
    pub log: PathBuf,
    /// Whether an existing log is continued; otherwise it is replaced.
    pub append_log: bool,
    /// The file that records its process while it runs.
    pub record: PathBuf,
}

/// How a daemon ended after a request to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// It had already ended.
    Already,
    /// It ended after the signal.
    Gracefully,
    /// It did not end within the limit and was killed.
    Killed,
}

/// A running child process in its own process group, so that Ctrl-C reaches only its parent, which stops its daemons in
/// order.
///
/// Dropping it kills the process, as a last resort.
#[derive(Debug)]
pub struct Daemon {
    name: String,
    child: Child,
    log: PathBuf,
    record: PathBuf,
}

impl Daemon {
    /// Starts a daemon.
    ///
    /// # Errors
    /// [`StartError::Folder`] if log or record cannot be written, [`StartError::Spawn`] if the program cannot be run.
    pub fn spawn(launch: Launch) -> Result<Self, StartError> {
        let mut command = launch.command;
        let log = open_log(&launch.log, launch.append_log)
            .map_err(|source| StartError::Folder { path: launch.log.clone(), source })?;
        let for_errors = log.try_clone().map_err(|source| StartError::Folder { path: launch.log.clone(), source })?;
        let child =
            command.stdin(Stdio::null()).stdout(log).stderr(for_errors).process_group(0).spawn().map_err(|source| {
                StartError::Spawn { program: command.get_program().to_string_lossy().into_owned(), source }
            })?;
        let daemon = Self { name: launch.name, child, log: launch.log, record: launch.record };
        if let Some(process) = Process::running(daemon.pid()) {
            fs::write(&daemon.record, process.to_string())
                .map_err(|source| StartError::Folder { path: daemon.record.clone(), source })?;
        }
        Ok(daemon)
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The log file.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The exit status, if it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Polls `ready` until it returns true.
    ///
    /// # Errors
    /// [`StartError::Exited`] if the process ends meanwhile, [`StartError::TimedOut`] after `limit`; both include the
    /// end of the log.
    pub fn wait_until_ready(&mut self, limit: Duration, mut ready: impl FnMut() -> bool) -> Result<(), StartError> {
        let began = Instant::now();
        loop {
            if let Some(status) = self.ended() {
                return Err(StartError::Exited {
                    name: self.name.clone(),
                    status: status.to_string(),
                    log_tail: tail(&self.log, TAIL_LINES),
                });
            }
            if ready() {
                return Ok(());
            }
            if began.elapsed() > limit {
                return Err(StartError::TimedOut {
                    name: self.name.clone(),
                    after: limit,
                    log_tail: tail(&self.log, TAIL_LINES),
                });
            }
            thread::sleep(POLL);
        }
    }

    /// Sends `signal`, waits up to `limit` for the end, then kills the whole process group.
    pub fn stop(&mut self, signal: Signal, limit: Duration) -> Stopped {
        if self.ended().is_some() {
            let _ = fs::remove_file(&self.record);
            return Stopped::Already;
        }
        // It is not reaped yet, so its id can't belong to another process.
        if let Some(process) = Process::running(self.pid()) {
            process.signal(signal);
        }
        let began = Instant::now();
        while began.elapsed() < limit {
            if self.ended().is_some() {
                let _ = fs::remove_file(&self.record);
                return Stopped::Gracefully;
            }
            thread::sleep(POLL);
        }
        self.kill();
        Stopped::Killed
    }

    /// Kills the process and its group at once, like a crash.
    pub fn kill(&mut self) {
        if self.ended().is_none() {
            if let Some(process) = Process::running(self.pid()) {
                process.signal_group(Signal::KILL);
            }
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        let _ = fs::remove_file(&self.record);
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Stops a daemon that remains from a killed parent, found by its record; returns whether it was running.
pub fn stop_leftover(record: &Path, signal: Signal, limit: Duration) -> bool {
    let Some(process) = fs::read_to_string(record).ok().and_then(|text| text.parse::<Process>().ok()) else {
        return false;
    };
    let found = process.signal(signal);
    let began = Instant::now();
    while process.is_running() {
        if began.elapsed() > limit {
            process.signal_group(Signal::KILL);
            process.signal(Signal::KILL);
        }
        thread::sleep(POLL);
    }
    let _ = fs::remove_file(record);
    found
}

fn open_log(path: &Path, append: bool) -> std::io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    if !append {
        let _ = fs::remove_file(path);
    } else if fs::metadata(path).is_ok_and(|log| log.len() > LOG_BYTES_MAX) {
        fs::rename(path, path.with_extension("old.log"))?;
    }
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launch(script: &str, name: &str) -> Launch {
        let folder = std::env::temp_dir().join(format!("servers-daemon-{}", std::process::id()));
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Launch {
            name: name.to_owned(),
            command,
            log: folder.join(format!("{name}.log")),
            append_log: false,
            record: folder.join(format!("{name}.pid")),
        }
    }

    #[test]
    fn a_daemon_that_handles_the_signal_is_stopped_gracefully() {
        let mut daemon = Daemon::spawn(launch("exec sleep 60", "obeys")).unwrap();
        assert_eq!(daemon.stop(Signal::TERM, Duration::from_secs(10)), Stopped::Gracefully);
        assert_eq!(daemon.stop(Signal::TERM, Duration::from_secs(10)), Stopped::Already);
    }

    #[test]
    fn a_daemon_that_ignores_the_signal_is_killed() {
        let script = "trap '' TERM; echo armed; while :; do sleep 60; done";
        let mut daemon = Daemon::spawn(launch(script, "ignores")).unwrap();
        let log = daemon.log().to_owned();
        daemon
            .wait_until_ready(Duration::from_secs(10), || {
                fs::read_to_string(&log).is_ok_and(|text| text.contains("armed"))
            })
            .unwrap();
        assert_eq!(daemon.stop(Signal::TERM, Duration::from_millis(100)), Stopped::Killed);
    }

    #[test]
    fn an_early_exit_is_reported_with_the_log() {
        let mut daemon = Daemon::spawn(launch("echo no disk; exit 3", "ends")).unwrap();
        let error = daemon.wait_until_ready(Duration::from_secs(10), || false).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("no disk") && text.contains('3'), "{text}");
    }

    #[test]
    fn a_leftover_daemon_is_found_by_its_record() {
        let daemon = Daemon::spawn(launch("exec sleep 60", "left")).unwrap();
        let record = daemon.record.clone();
        // Reaping replaces what init does after the parent was killed.
        let reaper = thread::spawn(move || {
            let mut daemon = daemon;
            let _ = daemon.child.wait();
        });
        assert!(stop_leftover(&record, Signal::TERM, Duration::from_secs(10)));
        assert!(!stop_leftover(&record, Signal::TERM, Duration::from_secs(10)));
        reaper.join().unwrap();
    }
}
