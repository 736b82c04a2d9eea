//! What the standard library does not offer, declared as the manual pages have it. Linux, where these types and numbers are the
//! same on every machine that Rust's `std` calls x86_64 or aarch64.

use std::os::raw::{c_char, c_int, c_long, c_short, c_uint, c_ulong, c_void};

pub const AF_UNIX: c_int = 1;
pub const SOCK_STREAM: c_int = 1;
pub const SOCK_NONBLOCK: c_int = 0o4000;
pub const SOCK_CLOEXEC: c_int = 0o2000000;
pub const SHUT_WR: c_int = 1;
pub const SOL_SOCKET: c_int = 1;
pub const SO_PEERCRED: c_int = 17;
pub const MSG_NOSIGNAL: c_int = 0x4000;

pub const POLLIN: c_short = 1;
pub const POLLOUT: c_short = 4;
pub const POLLERR: c_short = 8;
pub const POLLHUP: c_short = 16;
pub const POLLNVAL: c_short = 32;

pub const O_NOFOLLOW: c_int = if cfg!(target_arch = "aarch64") { 0o100000 } else { 0o400000 };
pub const O_DIRECTORY: c_int = if cfg!(target_arch = "aarch64") { 0o40000 } else { 0o200000 };
pub const O_RDWR: c_int = 2;
pub const O_NONBLOCK: c_int = 0o4000;
pub const O_CLOEXEC: c_int = 0o2000000;

pub const F_DUPFD_CLOEXEC: c_int = 1030;
pub const F_SETFD: c_int = 2;
pub const FD_CLOEXEC: c_int = 1;

pub const SIGHUP: c_int = 1;
pub const SIGINT: c_int = 2;
pub const SIGKILL: c_int = 9;
pub const SIGPIPE: c_int = 13;
pub const SIGTERM: c_int = 15;
/// The last of the standard signals; those after it are real-time signals, which nobody ignores by default.
pub const SIGNALS: c_int = 31;
pub const SIG_DFL: usize = 0;
pub const SIG_IGN: usize = 1;
pub const SIG_SETMASK: c_int = 2;
pub const WNOHANG: c_int = 1;

pub const EINTR: c_int = 4;
pub const E2BIG: c_int = 7;
pub const EAGAIN: c_int = 11;
pub const ENOMEM: c_int = 12;
pub const ETXTBSY: c_int = 26;
pub const ENAMETOOLONG: c_int = 36;
pub const ENOENT: c_int = 2;
pub const ESRCH: c_int = 3;

/// close_range(2), on every architecture.
pub const SYS_CLOSE_RANGE: c_long = 436;
pub const CLOSE_RANGE_CLOEXEC: c_uint = 4;

/// pidfd_open(2), on every architecture.
pub const SYS_PIDFD_OPEN: c_long = 434;

/// ioctl_tty(2); the same number on both architectures.
pub const TIOCGWINSZ: c_ulong = 0x5413;

/// `struct winsize`.
#[repr(C)]
#[derive(Default)]
pub struct WindowSize {
    pub rows: u16,
    pub columns: u16,
    pub x_pixels: u16,
    pub y_pixels: u16,
}

/// sched_setscheduler(2): 144 on x86_64, 119 on aarch64.
pub const SYS_SCHED_SETSCHEDULER: c_long = if cfg!(target_arch = "aarch64") { 119 } else { 144 };

pub const RLIM_INFINITY: u64 = u64::MAX;

/// `struct ucred`
#[repr(C)]
#[derive(Default)]
pub struct Credentials {
    pub pid: c_int,
    pub user_id: c_uint,
    pub group_id: c_uint,
}

/// getrlimit(2)
#[repr(C)]
pub struct Limit {
    pub soft: u64,
    pub hard: u64,
}

#[repr(C)]
pub struct PollFd {
    pub fd: c_int,
    pub events: c_short,
    pub revents: c_short,
}

#[repr(C)]
pub struct SockAddrUn {
    pub family: u16,
    pub path: [u8; 108],
}

/// A signal set, as large as glibc's; the kernel looks at its first word.
#[repr(C)]
pub struct SignalSet(pub [c_ulong; 16]);

extern "C" {
    pub fn socket(domain: c_int, kind: c_int, protocol: c_int) -> c_int;
    pub fn bind(fd: c_int, address: *const SockAddrUn, length: c_uint) -> c_int;
    pub fn listen(fd: c_int, backlog: c_int) -> c_int;
    pub fn connect(fd: c_int, address: *const SockAddrUn, length: c_uint) -> c_int;
    pub fn getsockopt(
        fd: c_int,
        level: c_int,
        name: c_int,
        value: *mut Credentials,
        length: *mut c_uint,
    ) -> c_int;
    pub fn shutdown(fd: c_int, how: c_int) -> c_int;
    pub fn recv(fd: c_int, buffer: *mut c_void, length: usize, flags: c_int) -> isize;
    pub fn send(fd: c_int, buffer: *const c_void, length: usize, flags: c_int) -> isize;
    pub fn poll(fds: *mut PollFd, count: c_ulong, timeout_ms: c_int) -> c_int;
    pub fn read(fd: c_int, buffer: *mut c_void, length: usize) -> isize;
    pub fn write(fd: c_int, buffer: *const c_void, length: usize) -> isize;
    pub fn open(path: *const c_char, flags: c_int, ...) -> c_int;
    pub fn close(fd: c_int) -> c_int;
    pub fn pipe2(fds: *mut c_int, flags: c_int) -> c_int;
    pub fn fcntl(fd: c_int, command: c_int, ...) -> c_int;
    pub fn dup2(from: c_int, to: c_int) -> c_int;
    pub fn isatty(fd: c_int) -> c_int;
    pub fn ioctl(fd: c_int, request: c_ulong, ...) -> c_int;
    pub fn alarm(seconds: c_uint) -> c_uint;
    pub fn kill(pid: c_int, signal: c_int) -> c_int;
    pub fn signal(signal: c_int, handler: usize) -> usize;
    pub fn sigprocmask(how: c_int, set: *const SignalSet, old: *mut SignalSet) -> c_int;
    pub fn fork() -> c_int;
    pub fn setsid() -> c_int;
    pub fn chdir(path: *const c_char) -> c_int;
    pub fn execve(path: *const c_char, argv: *const *const c_char, envp: *const *const c_char) -> c_int;
    pub fn waitpid(pid: c_int, status: *mut c_int, options: c_int) -> c_int;
    pub fn _exit(code: c_int) -> !;
    pub fn getuid() -> c_uint;
    pub fn umask(mask: c_uint) -> c_uint;
    pub fn getrlimit(resource: c_int, limit: *mut Limit) -> c_int;
    pub fn setrlimit(resource: c_int, limit: *const Limit) -> c_int;
    pub fn sched_setaffinity(pid: c_int, length: usize, mask: *const c_void) -> c_int;
    pub fn syscall(number: c_long, ...) -> c_long;
}
