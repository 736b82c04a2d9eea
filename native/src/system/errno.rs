//! The one place where an errno becomes a reading. The messages are those that Node has from libuv, so that both clients say the
//! same of the same trouble; `test/native/protocol.test.ts` compares them.

use super::libc::EINTR;
use crate::domain::ports::{Cause, Change, Found};
use std::io;

const ERRORS: &[(i32, &str, &str)] = &[
    (1, "EPERM", "operation not permitted"),
    (2, "ENOENT", "no such file or directory"),
    (3, "ESRCH", "no such process"),
    (4, "EINTR", "interrupted system call"),
    (5, "EIO", "i/o error"),
    (6, "ENXIO", "no such device or address"),
    (7, "E2BIG", "argument list too long"),
    (9, "EBADF", "bad file descriptor"),
    (11, "EAGAIN", "resource temporarily unavailable"),
    (12, "ENOMEM", "not enough memory"),
    (13, "EACCES", "permission denied"),
    (14, "EFAULT", "bad address in system call argument"),
    (16, "EBUSY", "resource busy or locked"),
    (17, "EEXIST", "file already exists"),
    (18, "EXDEV", "cross-device link not permitted"),
    (19, "ENODEV", "no such device"),
    (20, "ENOTDIR", "not a directory"),
    (21, "EISDIR", "illegal operation on a directory"),
    (22, "EINVAL", "invalid argument"),
    (23, "ENFILE", "file table overflow"),
    (24, "EMFILE", "too many open files"),
    (25, "ENOTTY", "inappropriate ioctl for device"),
    (26, "ETXTBSY", "text file is busy"),
    (27, "EFBIG", "file too large"),
    (28, "ENOSPC", "no space left on device"),
    (29, "ESPIPE", "invalid seek"),
    (30, "EROFS", "read-only file system"),
    (31, "EMLINK", "too many links"),
    (32, "EPIPE", "broken pipe"),
    (36, "ENAMETOOLONG", "name too long"),
    (38, "ENOSYS", "function not implemented"),
    (39, "ENOTEMPTY", "directory not empty"),
    (40, "ELOOP", "too many symbolic links encountered"),
    (71, "EPROTO", "protocol error"),
    (75, "EOVERFLOW", "value too large for defined data type"),
    (88, "ENOTSOCK", "socket operation on non-socket"),
    (90, "EMSGSIZE", "message too long"),
    (91, "EPROTOTYPE", "protocol wrong type for socket"),
    (93, "EPROTONOSUPPORT", "protocol not supported"),
    (98, "EADDRINUSE", "address already in use"),
    (103, "ECONNABORTED", "software caused connection abort"),
    (104, "ECONNRESET", "connection reset by peer"),
    (105, "ENOBUFS", "no buffer space available"),
    (107, "ENOTCONN", "socket is not connected"),
    (110, "ETIMEDOUT", "connection timed out"),
    (111, "ECONNREFUSED", "connection refused"),
    (114, "EALREADY", "connection already in progress"),
    (125, "ECANCELED", "operation canceled"),
];

/// What the system said in a call, in the words of Node's file system: `ENOENT: no such file or directory, open '/x'`.
pub fn cause_of(error: &io::Error, call: &str) -> Cause {
    let (code, message) = named(error);
    Cause { message: format!("{code}: {message}, {call}"), code }
}

/// The same in the words of Node's sockets: `connect ECONNREFUSED /x`.
pub fn socket_cause_of(error: &io::Error, call: &str, address: &str) -> Cause {
    let (code, _) = named(error);
    let space = if address.is_empty() { "" } else { " " };
    Cause { message: format!("{call} {code}{space}{address}"), code }
}

fn named(error: &io::Error) -> (String, String) {
    let number = error.raw_os_error().unwrap_or_default();
    match ERRORS.iter().find(|(known, _, _)| *known == number) {
        Some((_, code, message)) => ((*code).to_owned(), (*message).to_owned()),
        None => (format!("Unknown system error -{number}"), format!("Unknown system error -{number}")),
    }
}

pub fn change(result: io::Result<()>, call: impl Fn() -> String) -> Change {
    match result {
        Ok(()) => Change::Done,
        Err(error) => refused(&cause_of(&error, &call())),
    }
}

/// A call that only looks has nothing to find occupied.
pub fn found<T>(result: io::Result<T>, call: impl Fn() -> String) -> Found<T> {
    let error = match result {
        Ok(value) => return Found::There(value),
        Err(error) => error,
    };
    let cause = cause_of(&error, &call());
    match refused(&cause) {
        Change::Absent => Found::Absent,
        Change::WrongType => Found::WrongType,
        _ => Found::Failed(cause),
    }
}

fn refused(cause: &Cause) -> Change {
    match cause.code.as_str() {
        "ENOENT" => Change::Absent,
        "EEXIST" | "ENOTEMPTY" => Change::Occupied,
        "ENOTDIR" | "EISDIR" | "EINVAL" | "ELOOP" | "ENXIO" => Change::WrongType,
        _ => Change::Failed(cause.clone()),
    }
}

/// What a call returned that says -1 for an error; one that a signal has interrupted is made again.
pub fn retried(mut call: impl FnMut() -> isize) -> io::Result<usize> {
    loop {
        let returned = call();
        if returned >= 0 {
            return Ok(returned as usize);
        }
        let error = io::Error::last_os_error();
        if error.raw_os_error() != Some(EINTR) {
            return Err(error);
        }
    }
}
