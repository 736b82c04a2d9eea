//! The caller's own three streams, by their descriptors.

use super::errno::{cause_of, retried};
use super::libc::{self, PollFd, WindowSize, EAGAIN, POLLOUT, TIOCGWINSZ};
use crate::domain::ports::Cause;
use std::os::raw::{c_int, c_void};

pub const STDIN: i32 = 0;
pub const STDOUT: i32 = 1;
pub const STDERR: i32 = 2;

pub enum Reading {
    Bytes(usize),
    End,
    /// Nothing just now.
    Nothing,
    Failed(Cause),
}

pub fn read_some(descriptor: c_int, buffer: &mut [u8]) -> Reading {
    let read =
        retried(|| unsafe { libc::read(descriptor, buffer.as_mut_ptr().cast::<c_void>(), buffer.len()) });
    match read {
        Ok(0) => Reading::End,
        Ok(count) => Reading::Bytes(count),
        Err(error) if error.raw_os_error() == Some(EAGAIN) => Reading::Nothing,
        Err(error) => Reading::Failed(cause_of(&error, "read")),
    }
}

/// Waits where the descriptor is full, also where somebody who shares it has made it non-blocking.
pub fn write_all(descriptor: c_int, mut bytes: &[u8]) -> Result<(), Cause> {
    while !bytes.is_empty() {
        match retried(|| unsafe { libc::write(descriptor, bytes.as_ptr().cast::<c_void>(), bytes.len()) }) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.raw_os_error() == Some(EAGAIN) => {
                let mut full = PollFd { fd: descriptor, events: POLLOUT, revents: 0 };
                unsafe { libc::poll(&mut full, 1, -1) };
            }
            Err(error) => return Err(cause_of(&error, "write")),
        }
    }
    Ok(())
}

pub fn is_terminal(descriptor: c_int) -> bool {
    unsafe { libc::isatty(descriptor) == 1 }
}

/// The columns and rows of a terminal; None where it doesn't know them.
pub fn window_size(descriptor: c_int) -> Option<(u16, u16)> {
    let mut size = WindowSize::default();
    let asked = unsafe { libc::ioctl(descriptor, TIOCGWINSZ, &mut size) };
    if asked == 0 && size.columns > 0 {
        Some((size.columns, size.rows))
    } else {
        None
    }
}
