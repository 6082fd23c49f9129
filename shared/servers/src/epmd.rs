//! The Erlang port mapper that a private RabbitMQ has for itself.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;

use crate::daemon::{Daemon, Launch, stop_leftover};
use crate::{Programs, StartError, probe};

const LIMIT: Duration = Duration::from_secs(10);

/// Starts a mapper on `port` of loopback and waits until it accepts.
///
/// Erlang would otherwise start one by itself, on the system's port, that
/// outlives the broker and belongs to nobody.
pub(crate) fn start(programs: &Programs, folder: &Path, port: u16) -> Result<Daemon, StartError> {
    let program =
        programs.find("epmd").ok_or(StartError::ProgramMissing { program: "epmd", package: "rabbitmq-server" })?;
    let mut command = programs.command(&program, folder, "rabbitmq")?;
    command.args(["-address", "127.0.0.1", "-port"]).arg(port.to_string());
    let mut daemon = Daemon::spawn(Launch {
        name: "epmd".to_owned(),
        command,
        log: folder.join("epmd.log"),
        append_log: false,
        record: record(folder),
    })?;
    daemon.wait_until_ready(LIMIT, || probe::accepts(port))?;
    Ok(daemon)
}

/// Stops a mapper; it has nothing to save.
pub(crate) fn stop(mut daemon: Daemon) {
    daemon.stop(Signal::TERM, LIMIT);
}

/// Stops a mapper that a killed parent left behind.
pub(crate) fn stop_left_behind(folder: &Path) {
    stop_leftover(&record(folder), Signal::TERM, LIMIT);
}

fn record(folder: &Path) -> PathBuf {
    folder.join("epmd.pid")
}
