//! How many files a process may have open, sockets included.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::warn;

/// Takes as many as an administrator allows: the usual default of 1,024 is for programs that use `select`, and a gateway
/// needs two for each socket that it carries.
pub(crate) fn allow_all() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return;
    }
    if let Err(failure) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        warn!(error = %failure, "raise the number of open files");
    }
}
