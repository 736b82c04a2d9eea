//! Starts a process that holds nothing of the caller's: not its session, its directory, its streams, its descriptors, its limits,
//! nor what it does at signals.

use super::errno::retried;
use super::libc::{
    self, SignalSet, FD_CLOEXEC, F_DUPFD_CLOEXEC, F_SETFD, O_CLOEXEC, SIGPIPE, SIG_DFL, SIG_IGN,
};
use super::limits;
use crate::protocol as p;
use std::env;
use std::ffi::{CStr, CString, OsString};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::raw::{c_char, c_int, c_uint, c_void};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::io::{AsRawFd, FromRawFd};
use std::ptr;

/// What the started process does before it becomes the program. It has descriptors, session and limits of its own by then.
pub type Prelude<'a> = dyn FnMut() -> Then + 'a;

pub enum Then {
    /// The environment may be another one by now.
    Run(Vec<CString>),
    Exit(c_int),
}

/// A pipe whose ends no other program gets.
pub fn pipe() -> io::Result<(File, File)> {
    let mut ends: [c_int; 2] = [0; 2];
    retried(|| unsafe { libc::pipe2(ends.as_mut_ptr(), O_CLOEXEC) } as isize)?;
    Ok(unsafe { (File::from_raw_fd(ends[0]), File::from_raw_fd(ends[1])) })
}

/// What the child takes along, above the descriptors that it is given.
const ABOVE: c_int = 10;
/// The first descriptor after stdin, stdout and stderr: for a listener.
pub const LISTENER: c_int = 3;
/// What is closed one by one where close_range(2) does not exist (before Linux 5.11).
const DESCRIPTORS_MAX: c_int = 4_096;

/// Everything that the child needs, made before there is one: between fork(2) and execve(2) nothing is allocated.
struct Plan<'a> {
    argv: &'a [*const c_char],
    nothing: c_int,
    output: c_int,
    channel: Option<c_int>,
    complaint: c_int,
    /// The other ends, which the child must not keep open.
    said: c_int,
    go: c_int,
    wait: c_int,
}

/// A process that waits, before it does anything that others see, until this is dropped: what its starter writes down of it comes
/// before what it says itself.
pub struct Waiting {
    pub pid: c_int,
    _go: File,
}

/// Returns the process once it is ready for its prelude, or why it is not.
/// `output`: where it writes; nowhere for None. `channel`: becomes the descriptor of the start-up channel.
pub fn start(
    argv: &[CString],
    output: Option<&File>,
    channel: Option<&File>,
    prelude: &mut Prelude,
) -> io::Result<Waiting> {
    let nothing = OpenOptions::new().read(true).write(true).open("/dev/null")?;
    let (said, complaint) = pipe()?;
    let (wait, go) = pipe()?;
    let argv = pointers(argv);
    let plan = Plan {
        argv: &argv,
        said: said.as_raw_fd(),
        go: go.as_raw_fd(),
        wait: wait.as_raw_fd(),
        nothing: nothing.as_raw_fd(),
        output: output.unwrap_or(&nothing).as_raw_fd(),
        channel: channel.map(AsRawFd::as_raw_fd),
        complaint: complaint.as_raw_fd(),
    };
    let pid = unsafe { libc::fork() };
    if pid < 0 {
        return Err(io::Error::last_os_error());
    }
    if pid == 0 {
        unsafe { become_child(&plan, prelude) };
    }
    drop(complaint);
    match hear(&said) {
        None => Ok(Waiting { pid, _go: go }),
        Some(number) => {
            unsafe { libc::waitpid(pid, ptr::null_mut(), 0) };
            Err(io::Error::from_raw_os_error(number))
        }
    }
}

/// This process becomes that program, with its environment. A file that the system does not execute is not run by a shell, as
/// execvp(3) of `std` would do it. Returns why it was not run.
pub fn execute(argv: &[OsString]) -> io::Error {
    let variables = env::vars_os().map(|(name, value)| [name.as_bytes(), b"=", value.as_bytes()].concat());
    let texts = argv.iter().map(|text| CString::new(text.as_bytes())).collect::<Result<Vec<_>, _>>();
    let (argv, variables) = match (texts, variables.map(CString::new).collect::<Result<Vec<_>, _>>()) {
        (Ok(argv), Ok(variables)) => (argv, variables),
        _ => return io::Error::from(io::ErrorKind::InvalidInput),
    };
    unsafe {
        libc::signal(SIGPIPE, SIG_DFL);
        libc::sigprocmask(libc::SIG_SETMASK, &SignalSet([0; 16]), ptr::null_mut());
        libc::execve(argv[0].as_ptr(), pointers(&argv).as_ptr(), pointers(&variables).as_ptr());
    }
    io::Error::last_os_error()
}

fn pointers(texts: &[CString]) -> Vec<*const c_char> {
    texts.iter().map(|text| text.as_ptr()).chain([ptr::null()]).collect()
}

/// The errno that kept the child from its program. The pipe ends without one when the program begins.
fn hear(said: &File) -> Option<i32> {
    let mut bytes = [0; 4];
    let into = bytes.as_mut_ptr().cast::<c_void>();
    let count = retried(|| unsafe { libc::read(said.as_raw_fd(), into, bytes.len()) }).unwrap_or_default();
    if count == bytes.len() {
        Some(i32::from_ne_bytes(bytes))
    } else {
        None
    }
}

/// # Safety
/// Only in the child of a fork. The prelude allocates, which glibc allows there, and takes no lock that another thread could hold.
unsafe fn become_child(plan: &Plan, prelude: &mut Prelude) -> ! {
    libc::setsid();
    for signal in 1..=libc::SIGNALS {
        libc::signal(signal, SIG_DFL);
    }
    libc::sigprocmask(libc::SIG_SETMASK, &SignalSet([0; 16]), ptr::null_mut());
    limits::set_back();
    // The caller's directory may be a mount in use.
    libc::chdir(b"/\0".as_ptr().cast::<c_char>());
    // First out of the way of what they become, whatever numbers they have.
    let moved = |fd| libc::fcntl(fd, F_DUPFD_CLOEXEC, ABOVE);
    let (nothing, output, complaint) = (moved(plan.nothing), moved(plan.output), moved(plan.complaint));
    let channel = plan.channel.map(moved);
    if nothing < 0 || output < 0 || complaint < 0 || channel.map_or(false, |fd| fd < 0) {
        give_up(plan.complaint);
    }
    let wait = moved(plan.wait);
    libc::dup2(nothing, 0);
    libc::dup2(output, 1);
    libc::dup2(output, 2);
    leave_behind(LISTENER);
    for fd in [plan.said, plan.go, plan.wait, plan.complaint].iter().filter(|fd| **fd > 2) {
        libc::close(*fd);
    }
    if let Some(channel) = channel {
        libc::dup2(channel, p::CHANNEL_DESCRIPTOR);
    }
    libc::close(complaint);
    let mut byte = [0_u8; 1];
    libc::read(wait, byte.as_mut_ptr().cast::<c_void>(), byte.len());
    // Its starter may have gone, and have nobody hear what is said on the channel.
    libc::signal(SIGPIPE, SIG_IGN);
    match prelude() {
        Then::Run(environment) => {
            libc::signal(SIGPIPE, SIG_DFL);
            let envp = pointers(&environment);
            libc::execve(plan.argv[0], plan.argv.as_ptr(), envp.as_ptr());
            let (error, program) =
                (io::Error::last_os_error(), CStr::from_ptr(plan.argv[0]).to_string_lossy());
            let text = format!("{}{}\n", p::SPEAKER, not_run_text(&program, &error));
            libc::write(2, text.as_ptr().cast::<c_void>(), text.len());
            libc::_exit(p::EXIT_OS_ERROR)
        }
        Then::Exit(code) => libc::_exit(code),
    }
}

/// What is said of a Node that the system does not execute.
pub fn not_run_text(node: &str, error: &io::Error) -> String {
    let todo = match error.raw_os_error() {
        Some(libc::E2BIG) => "use fewer arguments, or a smaller environment",
        Some(libc::ENOMEM) | Some(libc::EAGAIN) | Some(libc::ETXTBSY) => "try again",
        _ => "put another Node first in PATH",
    };
    format!("{node} can't be run: {error}; {todo}")
}

/// Says why to the parent: with less than it should have, a program must not begin.
unsafe fn give_up(complaint: c_int) -> ! {
    let number = io::Error::last_os_error().raw_os_error().unwrap_or_default().to_ne_bytes();
    libc::write(complaint, number.as_ptr().cast::<c_void>(), number.len());
    libc::_exit(127)
}

/// Whatever the caller has left open ends with the program that it was opened for.
unsafe fn leave_behind(first: c_int) {
    let all = c_uint::MAX;
    if libc::syscall(libc::SYS_CLOSE_RANGE, first as c_uint, all, libc::CLOSE_RANGE_CLOEXEC) == 0 {
        return;
    }
    for fd in first..DESCRIPTORS_MAX {
        libc::fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
}
