//! Starts a process that holds nothing of the caller's: not its session, its directory, its streams, its descriptors, its limits,
//! nor what it does at signals.

use super::errno::retried;
use super::libc::{self, SignalSet, FD_CLOEXEC, F_DUPFD_CLOEXEC, F_SETFD, O_CLOEXEC, SIG_DFL};
use super::limits;
use crate::protocol as p;
use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::raw::{c_char, c_int, c_uint, c_void};
use std::os::unix::io::{AsRawFd, FromRawFd};
use std::ptr;

pub struct Command {
    /// The program, as an absolute path, and its arguments; no shell sees them.
    pub argv: Vec<CString>,
    pub environment: Vec<CString>,
}

/// A pipe whose ends no other program gets.
pub fn pipe() -> io::Result<(File, File)> {
    let mut ends: [c_int; 2] = [0; 2];
    retried(|| unsafe { libc::pipe2(ends.as_mut_ptr(), O_CLOEXEC) } as isize)?;
    Ok(unsafe { (File::from_raw_fd(ends[0]), File::from_raw_fd(ends[1])) })
}

/// What the child takes along, above the descriptors that it is given.
const ABOVE: c_int = 10;
/// What is closed one by one where close_range(2) does not exist (before Linux 5.11).
const DESCRIPTORS_MAX: c_int = 4_096;

/// Everything that the child needs, made before there is one: between fork(2) and execve(2) nothing is allocated.
struct Plan<'a> {
    argv: &'a [*const c_char],
    envp: &'a [*const c_char],
    nothing: c_int,
    output: c_int,
    channel: Option<c_int>,
    complaint: c_int,
}

/// Returns the process id once the program runs, or why it does not.
/// `output`: where it writes; nowhere for None. `channel`: becomes the descriptor of the start-up channel.
pub fn start(command: &Command, output: Option<&File>, channel: Option<&File>) -> io::Result<c_int> {
    let nothing = OpenOptions::new().read(true).write(true).open("/dev/null")?;
    let (said, complaint) = pipe()?;
    let (argv, envp) = (pointers(&command.argv), pointers(&command.environment));
    let plan = Plan {
        argv: &argv,
        envp: &envp,
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
        unsafe { become_child(&plan) };
    }
    drop(complaint);
    match hear(&said) {
        None => Ok(pid),
        Some(number) => {
            unsafe { libc::waitpid(pid, ptr::null_mut(), 0) };
            Err(io::Error::from_raw_os_error(number))
        }
    }
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
/// Only in the child of a fork, where nothing but system calls may be made.
unsafe fn become_child(plan: &Plan) -> ! {
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
    libc::dup2(nothing, 0);
    libc::dup2(output, 1);
    libc::dup2(output, 2);
    let mut first = 3;
    if let Some(channel) = channel {
        libc::dup2(channel, p::CHANNEL_DESCRIPTOR);
        first = p::CHANNEL_DESCRIPTOR + 1;
    }
    leave_behind(first);
    libc::execve(plan.argv[0], plan.argv.as_ptr(), plan.envp.as_ptr());
    give_up(complaint)
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
