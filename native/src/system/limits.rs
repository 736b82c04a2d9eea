//! What a process inherits of limits, and what is set back in a started one; see `src/domain/lifecycle/inherited-limits.ts`.

use super::libc::{self, Limit, RLIM_INFINITY};
use std::fs;
use std::os::raw::{c_int, c_long, c_void};

const CPU: c_int = 0;
const FILE_SIZE: c_int = 1;
const DATA: c_int = 2;
const STACK: c_int = 3;
const OPEN_FILES: c_int = 7;
const ADDRESS_SPACE: c_int = 9;

/// Those that a login leaves unlimited, and what they are.
const UNLIMITED: [(c_int, &str); 4] = [
    (CPU, "processor time (ulimit -t)"),
    (FILE_SIZE, "the size of files (ulimit -f)"),
    (DATA, "memory (ulimit -d)"),
    (ADDRESS_SPACE, "memory (ulimit -v)"),
];
const STACK_BYTES: u64 = 8 << 20;
/// Node raises it to the hard limit; a daemon needs one for each caller.
const FILES_MIN: u64 = 1_024;
/// capabilities(7): may raise hard limits.
const CAP_SYS_RESOURCE: u64 = 1 << 24;

fn of(resource: c_int) -> Limit {
    let mut limit = Limit { soft: RLIM_INFINITY, hard: RLIM_INFINITY };
    unsafe { libc::getrlimit(resource, &mut limit) };
    limit
}

/// What a daemon would have of this process that can't be set back, and would die of, or fail in the midst of other callers' work.
pub fn bound_by() -> Option<&'static str> {
    let is_finite = |resource| of(resource).hard != RLIM_INFINITY;
    let found = UNLIMITED.iter().find(|(resource, _)| is_finite(*resource)).map(|(_, what)| *what);
    let few = || Some("open files (ulimit -n)").filter(|_| of(OPEN_FILES).hard < FILES_MIN);
    found.or_else(few).filter(|_| !may_raise())
}

fn may_raise() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("CapEff:")).unwrap_or_default();
    u64::from_str_radix(mask.trim(), 16).map_or(false, |mask| mask & CAP_SYS_RESOURCE != 0)
}

/// As many processors as a system call takes notice of; the kernel leaves out those that there are not.
const PROCESSOR_WORDS: usize = 128;

/// # Safety
/// Only in the child of a fork: makes nothing but system calls, of which each may fail.
pub unsafe fn set_back() {
    for (resource, _) in &UNLIMITED {
        set(*resource, RLIM_INFINITY);
    }
    let stack = of(STACK);
    if stack.soft < STACK_BYTES && stack.hard >= STACK_BYTES {
        libc::setrlimit(STACK, &Limit { soft: STACK_BYTES, hard: stack.hard });
    }
    if of(OPEN_FILES).hard < FILES_MIN {
        set(OPEN_FILES, FILES_MIN);
    }
    let all = [u64::MAX; PROCESSOR_WORDS];
    libc::sched_setaffinity(0, std::mem::size_of_val(&all), all.as_ptr().cast::<c_void>());
    let priority: c_int = 0;
    libc::syscall(libc::SYS_SCHED_SETSCHEDULER, 0 as c_long, 0 as c_long, &priority as *const c_int);
}

/// To what a login has, or to the hard limit where that can't be raised.
unsafe fn set(resource: c_int, amount: u64) {
    let limit = of(resource);
    if limit.soft >= amount {
        return;
    }
    if libc::setrlimit(resource, &Limit { soft: amount, hard: amount.max(limit.hard) }) != 0 {
        libc::setrlimit(resource, &Limit { soft: limit.hard, hard: limit.hard });
    }
}
