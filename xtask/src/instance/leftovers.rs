//! Processes left by a killed supervisor.

use std::fs;
use std::path::Path;
use std::time::Duration;

use servers::{Signal, stop_leftover};

const LIMIT: Duration = Duration::from_secs(20);

/// Stops the processes recorded in `folder` that still run; returns their names.
///
/// Services are stopped before servers, so that they log no errors. The caller must hold the instance's lock.
pub(crate) fn stop_leftovers(folder: &Path) -> Vec<String> {
    let mut stopped = Vec::new();
    let services = fs::read_dir(folder.join("run")).into_iter().flatten();
    for record in services.filter_map(Result::ok).map(|entry| entry.path()) {
        if stop_leftover(&record, Signal::TERM, LIMIT) {
            let name = record.file_stem().unwrap_or_default();
            stopped.push(name.to_string_lossy().into_owned());
        }
    }
    let servers = [
        ("postgres", "server.pid", Signal::INT),
        ("rabbitmq", "server.pid", Signal::TERM),
        ("rabbitmq", "epmd.pid", Signal::TERM),
        ("redis", "server.pid", Signal::TERM),
    ];
    for (name, record, signal) in servers {
        if stop_leftover(&folder.join(name).join(record), signal, LIMIT) {
            stopped.push(name.to_owned());
        }
    }
    stopped
}
