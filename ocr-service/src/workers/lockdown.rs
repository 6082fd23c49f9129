//! A worker permanently gives up everything that it does not need.
//!
//! The order matters. Landlock comes first, because it needs a file descriptor for a moment; then the limits; the
//! filter is last, because it forbids all of this. Each layer alone covers most of it, so that a hole in one is covered
//! by the others.

use super::protocol::Isolation;
use super::system_calls;
use landlock::{ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetStatus, Scope};
use rustix::process::{DumpableBehavior, Resource, Rlimit, Signal};

/// Address space of a worker, in bytes. A picture of 40 megapixels with 16 bits and four channels, the maximum, was
/// measured to need 570 MB.
const ADDRESS_SPACE_BYTES: u64 = 1536 * 1024 * 1024;
/// CPU time of a worker, in seconds, including its start. A reading ends by itself after 20 s at most, unless a picture
/// keeps one of its steps busy; the wall clock of the parent also counts the time in which other processes run.
const PROCESSOR_SECS: u64 = 40;
/// Open files: the three pipes.
const FILES: u64 = 3;

/// Why a worker could not be locked down; it then reads nothing.
#[derive(Debug, thiserror::Error)]
pub enum LockdownError {
    /// `setrlimit(2)`.
    #[error("set a limit of the process")]
    Limit(#[source] rustix::io::Errno),
    /// `PR_SET_DUMPABLE`.
    #[error("become invisible to debuggers")]
    Dumpable(#[source] rustix::io::Errno),
    /// `PR_SET_NO_NEW_PRIVS`.
    #[error("give up new privileges")]
    Privileges(#[source] rustix::io::Errno),
    /// An error of Landlock, other than missing kernel support.
    #[error("set up Landlock")]
    Landlock(#[from] landlock::RulesetError),
    /// The processor architecture is not supported.
    #[error("build the system call filter")]
    Filter(#[from] seccompiler::BackendError),
    /// `seccomp(2)`.
    #[error("install the system call filter")]
    Install(#[from] seccompiler::Error),
}

/// Kills this process when its parent ends for any reason.
pub(super) fn die_with_parent() -> Result<(), rustix::io::Errno> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
}

/// Gives up files, network, processes, privileges and most memory. The process must be single-threaded.
pub(super) fn lock_down() -> Result<Isolation, LockdownError> {
    rustix::thread::set_no_new_privs(true).map_err(LockdownError::Privileges)?;
    let landlock = landlock()?;
    let limits = [
        (Resource::As, ADDRESS_SPACE_BYTES),
        (Resource::Cpu, PROCESSOR_SECS),
        (Resource::Nofile, FILES),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
        (Resource::Nproc, 0),
        (Resource::Memlock, 0),
    ];
    for (resource, limit) in limits {
        let limit = Rlimit { current: Some(limit), maximum: Some(limit) };
        rustix::process::setrlimit(resource, limit).map_err(LockdownError::Limit)?;
    }
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(LockdownError::Dumpable)?;
    seccompiler::apply_filter(&system_calls::filter()?)?;
    Ok(Isolation { landlock: landlock.to_owned() })
}

/// Forbids access to the file system, the network and other processes, as far as this kernel supports it.
fn landlock() -> Result<&'static str, landlock::RulesetError> {
    let abi = ABI::V6;
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .scope(Scope::from_all(abi))?
        .create()?
        .restrict_self()?;
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => "fully",
        RulesetStatus::PartiallyEnforced => "partially",
        RulesetStatus::NotEnforced => "not",
    })
}
