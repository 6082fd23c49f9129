//! Why a server did not start, with instructions for developers.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// A server that did not start.
#[derive(Debug)]
pub enum StartError {
    /// The server's program is not installed.
    ProgramMissing {
        /// The program looked for.
        program: &'static str,
        /// The Debian package that contains it.
        package: &'static str,
    },
    /// A file or folder of the server could not be prepared.
    Folder {
        /// The path that was read or written.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The required port is in use, or no port is free.
    PortTaken {
        /// The requested port; 0 if any port was acceptable.
        port: u16,
    },
    /// The program could not be started.
    Spawn {
        /// The program.
        program: String,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A preparation program such as `initdb` failed.
    Prepare {
        /// The program.
        program: String,
        /// Its output.
        output: String,
    },
    /// The server ended before it was ready.
    Exited {
        /// The server.
        name: String,
        /// Its exit status.
        status: String,
        /// The last lines of its log.
        log_tail: String,
    },
    /// The server did not become ready in time.
    TimedOut {
        /// The server.
        name: String,
        /// How long it was given.
        after: Duration,
        /// The last lines of its log.
        log_tail: String,
    },
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ProgramMissing { program, package } => {
                write!(f, "`{program}` is not installed (Debian and Ubuntu: apt-get install {package})")
            }
            Self::Folder { path, .. } => write!(f, "prepare {}", path.display()),
            Self::PortTaken { port: 0 } => write!(f, "no free port found on 127.0.0.1"),
            Self::PortTaken { port } => write!(f, "port {port} on 127.0.0.1 is taken"),
            Self::Spawn { program, .. } => write!(f, "run `{program}`"),
            Self::Prepare { program, output } => write!(f, "`{program}` failed:\n{output}"),
            Self::Exited { name, status, log_tail } => {
                write!(f, "{name} ended ({status}) before it was ready:\n{log_tail}")
            }
            Self::TimedOut { name, after, log_tail } => {
                write!(f, "{name} is not ready after {} s:\n{log_tail}", after.as_secs())
            }
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Folder { source, .. } | Self::Spawn { source, .. } => Some(source),
            Self::ProgramMissing { .. }
            | Self::PortTaken { .. }
            | Self::Prepare { .. }
            | Self::Exited { .. }
            | Self::TimedOut { .. } => None,
        }
    }
}
