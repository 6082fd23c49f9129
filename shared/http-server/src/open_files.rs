//! The limit on open files of a process, sockets included.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::warn;

/// Raises the soft limit to the hard limit. The usual default of 1,024 is for programs that use `select`, and a gateway
/// needs two descriptors for each WebSocket.
pub(crate) fn raise_limit() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return;
    }
    if let Err(failure) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        warn!(error = %failure, "could not raise the limit on open files");
    }
}
