//! The limit on open files of a process, sockets included.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit on open files of this process, and of those that it starts afterwards.
///
/// # Errors
/// When `wanted` exceeds the limit set by the administrator.
pub fn raise_open_files(wanted: u64) -> std::io::Result<()> {
    let now = getrlimit(Resource::Nofile);
    if now.current.is_none_or(|current| current >= wanted) {
        return Ok(());
    }
    let maximum = now.maximum.map(|maximum| maximum.max(wanted));
    Ok(setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum })?)
}
