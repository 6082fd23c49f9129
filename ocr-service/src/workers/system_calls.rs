//! The system calls that a worker may make once it is locked down.

use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};
use std::collections::BTreeMap;

/// Allowed with any arguments: memory, locks, time, the open pipes, and exiting. Everything else - files, sockets,
/// processes, threads, signals to others - fails with "operation not permitted".
const ALLOWED: &[libc::c_long] = &[
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_lseek,
    libc::SYS_close,
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_futex,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_gettimeofday,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_restart_syscall,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// Allowed unless they make memory executable, so that injected code cannot run.
const ALLOWED_WITHOUT_EXECUTION: &[libc::c_long] = &[libc::SYS_mmap, libc::SYS_mprotect];

/// Index of the protection flags among the arguments of `mmap` and `mprotect`.
const PROTECTION: u8 = 2;

/// The seccomp filter for the kernel.
///
/// # Errors
/// On processor architectures that seccompiler does not support.
pub(super) fn filter() -> Result<BpfProgram, BackendError> {
    let executable = u64::from(libc::PROT_EXEC.unsigned_abs());
    let not_executable = || -> Result<Vec<SeccompRule>, BackendError> {
        let condition =
            SeccompCondition::new(PROTECTION, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(executable), 0)?;
        Ok(vec![SeccompRule::new(vec![condition])?])
    };
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = ALLOWED.iter().map(|call| (*call, vec![])).collect();
    for call in ALLOWED_WITHOUT_EXECUTION {
        rules.insert(*call, not_executable()?);
    }
    let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    SeccompFilter::new(rules, refused, SeccompAction::Allow, std::env::consts::ARCH.try_into()?)?.try_into()
}
