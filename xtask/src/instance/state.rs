//! The state of a running instance, published to other commands in a file that is replaced atomically.

use std::fs;
use std::path::Path;

use servers::{Process, probe};

use crate::failure::{Doing, Failure};

/// Phase of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Not everything is ready yet.
    Starting,
    /// Everything has become ready.
    Ready,
    /// Shutting down.
    Stopping,
    /// The start failed; the log contains the reason.
    Failed,
}

/// How to check whether a part is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Probe {
    /// It accepts connections.
    Tcp,
    /// `GET /readyz` returns 200.
    Readyz,
    /// The same over TLS.
    ReadyzTls,
}

/// A server or service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) port: u16,
    pub(crate) process: Process,
    pub(crate) probe: Probe,
    pub(crate) restarts: u32,
}

impl Part {
    /// A running part; `None` if its process has just exited.
    pub(crate) fn running(name: &str, port: u16, pid: u32, probe: Probe, restarts: u32) -> Option<Self> {
        Some(Self { name: name.to_owned(), port, process: Process::running(pid)?, probe, restarts })
    }

    /// Whether it is ready now.
    pub(crate) fn is_ready(&self) -> bool {
        self.process.is_running()
            && match self.probe {
                Probe::Tcp => probe::accepts(self.port),
                Probe::Readyz => probe::http_status(self.port, "/readyz").is_ok_and(|s| s == 200),
                Probe::ReadyzTls => probe::https_status(self.port, "/readyz").is_ok_and(|s| s == 200),
            }
    }
}

/// The published state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    /// The process that holds the lock.
    pub(crate) supervisor: Process,
    pub(crate) phase: Phase,
    /// Labelled URLs to show.
    pub(crate) addresses: Vec<(String, String)>,
    pub(crate) parts: Vec<Part>,
}

impl State {
    /// Writes the state of the instance in `folder`.
    ///
    /// # Errors
    /// Fails if the file cannot be written.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), Failure> {
        let path = folder.join("state");
        let draft = folder.join("state.new");
        let doing = || format!("write {}", path.display());
        servers::write_private(&draft, &self.to_text()).doing(doing())?;
        // Atomic: a reader sees either the old or the new text.
        fs::rename(&draft, &path).doing(doing())
    }

    /// The state in `folder`, if there is a valid one.
    pub(crate) fn read(folder: &Path) -> Option<Self> {
        Self::from_text(&fs::read_to_string(folder.join("state")).ok()?)
    }

    fn to_text(&self) -> String {
        let phase = match self.phase {
            Phase::Starting => "starting",
            Phase::Ready => "ready",
            Phase::Stopping => "stopping",
            Phase::Failed => "failed",
        };
        let mut rows = vec![format!("supervisor\t{}", self.supervisor), format!("phase\t{phase}")];
        rows.extend(self.addresses.iter().map(|(label, url)| format!("address\t{label}\t{url}")));
        rows.extend(self.parts.iter().map(|part| {
            let probe = match part.probe {
                Probe::Tcp => "tcp",
                Probe::Readyz => "readyz",
                Probe::ReadyzTls => "readyz-tls",
            };
            format!("part\t{}\t{}\t{}\t{probe}\t{}", part.name, part.port, part.process, part.restarts)
        }));
        rows.join("\n") + "\n"
    }

    fn from_text(text: &str) -> Option<Self> {
        let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
        let first = |key: &str| rows.iter().find(|row| row[0] == key).and_then(|row| row.get(1).copied());
        let phase = match first("phase")? {
            "starting" => Phase::Starting,
            "ready" => Phase::Ready,
            "stopping" => Phase::Stopping,
            "failed" => Phase::Failed,
            _ => return None,
        };
        Some(Self {
            supervisor: first("supervisor")?.parse().ok()?,
            phase,
            addresses: rows
                .iter()
                .filter(|row| row[0] == "address" && row.len() == 3)
                .map(|row| (row[1].to_owned(), row[2].to_owned()))
                .collect(),
            parts: rows.iter().filter(|row| row[0] == "part").filter_map(|row| part(row)).collect(),
        })
    }
}

fn part(row: &[&str]) -> Option<Part> {
    let [_, name, port, process, probe, restarts] = row else {
        return None;
    };
    Some(Part {
        name: (*name).to_owned(),
        port: port.parse().ok()?,
        process: process.parse().ok()?,
        probe: match *probe {
            "readyz" => Probe::Readyz,
            "readyz-tls" => Probe::ReadyzTls,
            _ => Probe::Tcp,
        },
        restarts: restarts.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_as_it_was_written() {
        let process = Process::running(std::process::id()).unwrap();
        let state = State {
            supervisor: process.clone(),
            phase: Phase::Ready,
            addresses: vec![("UI".to_owned(), "http://localhost:8080".to_owned())],
            parts: vec![Part { name: "gateway".to_owned(), port: 8000, process, probe: Probe::Readyz, restarts: 2 }],
        };
        assert_eq!(State::from_text(&state.to_text()), Some(state));
    }

    #[test]
    fn a_malformed_state_is_ignored() {
        assert_eq!(State::from_text("phase\tready\n"), None);
        assert_eq!(State::from_text(""), None);
    }
}
