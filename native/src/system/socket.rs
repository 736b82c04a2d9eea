//! A connection to a daemon: never blocking, so that every wait has an end.

use super::errno::{retried, socket_cause_of};
use super::libc::{self, PollFd, SockAddrUn, EAGAIN, POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT};
use super::process;
use super::streams::STDIN;
use crate::domain::ports::{Cause, Connecting};
use crate::protocol as p;
use std::fs::{self, Permissions};
use std::io;
use std::mem;
use std::os::raw::{c_int, c_short, c_uint, c_void};
use std::os::unix::fs::PermissionsExt;

pub struct Socket(c_int);

impl Drop for Socket {
    fn drop(&mut self) {
        unsafe { libc::close(self.0) };
    }
}

/// A socket that listens, and ends with this process, or with the program that it becomes.
pub struct Listener(c_int);

/// Linux caps it at net.core.somaxconn.
const BACKLOG: c_int = 511;
/// With it, bind(2) makes a socket that only its owner can connect to.
const NARROW: c_uint = 0o177;
/// Cleaners of temporary directories leave sticky files alone.
const STICKY: u32 = 0o1600;

impl Listener {
    pub fn listen(path: &str) -> io::Result<Listener> {
        let address = address_of(path)?;
        let fd = unsafe { libc::socket(libc::AF_UNIX, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        let listener = Listener(fd);
        let before = unsafe { libc::umask(NARROW) };
        let bound = retried(|| unsafe { libc::bind(fd, &address, ADDRESS_BYTES) } as isize);
        unsafe { libc::umask(before) };
        bound?;
        retried(|| unsafe { libc::listen(fd, BACKLOG) } as isize)?;
        // Works without it.
        let _ = fs::set_permissions(path, Permissions::from_mode(STICKY));
        Ok(listener)
    }

    /// Lets the next program have it, as this descriptor.
    pub fn hand_over(self, descriptor: c_int) -> bool {
        if self.0 == descriptor {
            mem::forget(self);
            return unsafe { libc::fcntl(descriptor, libc::F_SETFD, 0) } == 0;
        }
        unsafe { libc::dup2(self.0, descriptor) == descriptor }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        unsafe { libc::close(self.0) };
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Readiness {
    pub readable: bool,
    pub writable: bool,
    /// Of stdin, where that was waited for.
    pub input: bool,
}

impl Readiness {
    pub const NONE: Readiness = Readiness { readable: false, writable: false, input: false };
}

const ADDRESS_BYTES: u32 = mem::size_of::<SockAddrUn>() as u32;

fn address_of(path: &str) -> io::Result<SockAddrUn> {
    let mut address = SockAddrUn { family: libc::AF_UNIX as u16, path: [0; 108] };
    // The last byte stays NUL. No directory that is used here has a longer path.
    match address.path.get_mut(..path.len()) {
        Some(into) if path.len() < 108 => into.copy_from_slice(path.as_bytes()),
        _ => return Err(io::Error::from_raw_os_error(libc::ENAMETOOLONG)),
    }
    Ok(address)
}

pub enum Received {
    Bytes(usize),
    Nothing,
    End,
    Failed(Cause),
}

impl Socket {
    /// connect(2) on a non-blocking socket answers at once: EAGAIN says that the backlog is full.
    pub fn connect(path: &str) -> Result<Socket, Connecting> {
        let errno = |error: io::Error| Connecting::Errno(socket_cause_of(&error, "connect", path));
        let address = address_of(path).map_err(errno)?;
        let socket = Socket::open().map_err(errno)?;
        retried(|| unsafe { libc::connect(socket.0, &address, ADDRESS_BYTES) } as isize).map_err(errno)?;
        match socket.is_of_user_or_root() {
            true => Ok(socket),
            false => Err(Connecting::Errno(Cause::new("EPERM", "EPERM: another user listens there"))),
        }
    }

    /// Connects to where nothing is, below a directory that is this user's: a sandbox answers for itself there.
    pub fn are_forbidden(directory: &str) -> bool {
        match Socket::connect(&format!("{directory}/{}0", p::TMP)) {
            Err(Connecting::Errno(cause)) => ["EPERM", "EACCES"].contains(&cause.code.as_str()),
            Err(_) | Ok(_) => false,
        }
    }

    /// Binds a socket at a private path, and removes it. False also for what no sandbox says.
    pub fn may_not_bind(path: &str) -> bool {
        let bound = address_of(path).and_then(|address| {
            let socket = Socket::open()?;
            retried(|| unsafe { libc::bind(socket.0, &address, ADDRESS_BYTES) } as isize)
        });
        if bound.is_ok() {
            // What can't be removed is swept once this process is gone.
            let _ = fs::remove_file(path);
        }
        bound.map_or_else(|error| error.kind() == io::ErrorKind::PermissionDenied, |_| false)
    }

    fn open() -> io::Result<Socket> {
        let kind = libc::SOCK_STREAM | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
        match unsafe { libc::socket(libc::AF_UNIX, kind, 0) } {
            fd if fd < 0 => Err(io::Error::last_os_error()),
            fd => Ok(Socket(fd)),
        }
    }

    /// unix(7), SO_PEERCRED: who listens. The path was judged before; this holds whatever became of it since.
    fn is_of_user_or_root(&self) -> bool {
        let mut peer = libc::Credentials::default();
        let mut length = mem::size_of::<libc::Credentials>() as u32;
        let asked =
            unsafe { libc::getsockopt(self.0, libc::SOL_SOCKET, libc::SO_PEERCRED, &mut peer, &mut length) };
        asked == 0 && [process::user_id(), 0].contains(&peer.user_id)
    }

    /// Waits until the socket can be read, or written where that is wanted, or the time is over; in whole milliseconds, rounded up.
    pub fn wait(&mut self, read: bool, write: bool, within_ms: f64) -> Readiness {
        let events = if read { POLLIN } else { 0 } | if write { POLLOUT } else { 0 };
        self.wait_for(&mut [PollFd { fd: self.0, events, revents: 0 }], within_ms)
    }

    pub fn wait_with_input(&mut self, write: bool, input: bool, within_ms: f64) -> Readiness {
        if !input {
            return self.wait(true, write, within_ms);
        }
        let events = POLLIN | if write { POLLOUT } else { 0 };
        let stdin = PollFd { fd: STDIN, events: POLLIN, revents: 0 };
        self.wait_for(&mut [PollFd { fd: self.0, events, revents: 0 }, stdin], within_ms)
    }

    fn wait_for(&mut self, fds: &mut [PollFd], within_ms: f64) -> Readiness {
        let timeout = within_ms.ceil().min(f64::from(c_int::MAX)) as c_int;
        if unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as _, timeout) } <= 0 {
            return Readiness::NONE;
        }
        let ended: c_short = POLLHUP | POLLERR | POLLNVAL;
        Readiness {
            readable: fds[0].revents & (POLLIN | ended) != 0,
            writable: fds[0].revents & POLLOUT != 0,
            input: fds.get(1).map_or(false, |stdin| stdin.revents != 0),
        }
    }

    pub fn receive(&mut self, buffer: &mut [u8]) -> Received {
        let received =
            retried(|| unsafe { libc::recv(self.0, buffer.as_mut_ptr().cast::<c_void>(), buffer.len(), 0) });
        match received {
            Ok(0) => Received::End,
            Ok(count) => Received::Bytes(count),
            Err(error) if error.raw_os_error() == Some(EAGAIN) => Received::Nothing,
            Err(error) => Received::Failed(socket_cause_of(&error, "read", "")),
        }
    }

    /// Sends what the system takes at once. None: nothing more can be sent.
    pub fn send(&mut self, bytes: &[u8]) -> Option<usize> {
        let sent = retried(|| unsafe {
            libc::send(self.0, bytes.as_ptr().cast::<c_void>(), bytes.len(), libc::MSG_NOSIGNAL)
        });
        match sent {
            Ok(count) => Some(count),
            Err(error) if error.raw_os_error() == Some(EAGAIN) => Some(0),
            Err(_) => None,
        }
    }

    /// Nothing more will come from here.
    pub fn end(&mut self) {
        unsafe { libc::shutdown(self.0, libc::SHUT_WR) };
    }
}
