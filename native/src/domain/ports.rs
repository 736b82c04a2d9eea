//! What the domain asks of the world. An errno is read once, by the implementation; what that does not know it hands on as
//! `Failed` with its cause.

use super::identity::Identity;
use super::start_ledger::{HeldBack, Word};

/// An error as the system named it: its code (`ENOSPC`, …) and its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    pub code: String,
    pub message: String,
}

impl Cause {
    pub fn new(code: &str, message: &str) -> Cause {
        Cause { code: code.to_owned(), message: message.to_owned() }
    }
}

/// One moment, read from both clocks, in milliseconds: deadlines go by `monotonic_ms`, what is on disk by `wall_ms`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Instant {
    pub monotonic_ms: f64,
    pub wall_ms: f64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Done,
    /// No entry of that name (ENOENT).
    Absent,
    /// Something is there already (EEXIST, ENOTEMPTY).
    Occupied,
    /// What is there is of another type (ENOTDIR, EISDIR, EINVAL, ELOOP).
    WrongType,
    Failed(Cause),
}

/// What a call that only looks has found.
#[derive(Clone, Debug, PartialEq)]
pub enum Found<T> {
    There(T),
    Absent,
    WrongType,
    Failed(Cause),
}

impl<T> Found<T> {
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Found<U> {
        match self {
            Found::There(value) => Found::There(change(value)),
            Found::Absent => Found::Absent,
            Found::WrongType => Found::WrongType,
            Found::Failed(cause) => Found::Failed(cause),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryType {
    File,
    Directory,
    Link,
    Socket,
    Other,
}

/// What lstat(2) says of a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    pub kind: EntryType,
    pub user_id: u32,
    /// Permission bits alone (07777).
    pub mode: u32,
    pub modified_ms: f64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connecting {
    Connected,
    Errno(Cause),
}

/// How far a request got that a daemon has not begun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Progress {
    #[default]
    Sent,
    /// The daemon has said that it waits for its turn.
    Queued,
}

/// What became of a connection on which the caller waited for the daemon's first word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Greeting {
    Accepted,
    /// On its way out; nothing was begun. `upgrade`: in favour of this caller's newer version.
    Draining {
        upgrade: bool,
        progress: Progress,
    },
    Outdated {
        message: String,
    },
    /// It lives but will not do it. Nothing was begun.
    Declined {
        message: String,
        exit_code: i32,
    },
    /// The connection ended before the daemon took the request on. Nothing was begun.
    Ended(Progress),
    /// No word within the time.
    Silent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    Running,
    Stopped,
    Zombie,
}

/// A process that lives, lived, or can't be seen. An empty start time is one that is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sighting {
    Present { start_time: String, activity: Activity },
    Gone,
    Hidden,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Spawning {
    Spawned {
        pid: i64,
        start_time: String,
    },
    /// The system said no: nothing runs.
    Refused(Cause),
    /// It was not tried: the last ones died at their start, one after the other.
    HeldBack(HeldBack),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Child {
    Running,
    Ended(ChildEnd),
}

/// How a started process ended, and what it left to say.
#[derive(Clone, Debug, PartialEq)]
pub struct ChildEnd {
    pub code: Option<i32>,
    pub signal: Option<String>,
    pub word: Option<Word>,
    pub last_output: String,
}

pub trait Ports {
    fn now(&mut self) -> Instant;
    fn sleep(&mut self, ms: f64);
    /// Who this process is. Asked for only by a caller that has to start a daemon.
    fn identity(&mut self) -> Identity;

    /// mkdir(2), mode 0700.
    fn make_directory(&mut self, path: &str) -> Change;
    /// The same with its missing parents; `Done` also where it exists.
    fn make_directories(&mut self, path: &str) -> Change;
    /// lstat(2).
    fn inspect(&mut self, path: &str) -> Found<Entry>;
    /// chmod(2) of a directory to 0700.
    fn tighten(&mut self, path: &str) -> Change;
    /// readlink(2).
    fn read_link(&mut self, path: &str) -> Found<String>;
    /// symlink(2).
    fn make_link(&mut self, target: &str, path: &str) -> Change;
    fn list(&mut self, path: &str) -> Found<Vec<String>>;
    /// The whole of a small text file.
    fn read_text(&mut self, path: &str) -> Found<String>;
    /// Creates a file, mode 0600, that must not exist.
    fn create_file(&mut self, path: &str, text: &str) -> Change;
    /// Appends to a file that must exist.
    fn append_text(&mut self, path: &str, text: &str) -> Change;
    /// rename(2).
    fn rename(&mut self, from: &str, to: &str) -> Change;
    /// unlink(2).
    fn remove_file(&mut self, path: &str) -> Change;
    /// rmdir(2).
    fn remove_directory(&mut self, path: &str) -> Change;
    /// Removes a tree that no other process uses any more.
    fn remove_tree(&mut self, path: &str) -> Change;

    /// connect(2). One connection at most is held: the latest.
    fn connect(&mut self, path: &str) -> Connecting;
    /// Says what the caller came to say on the latest connection, and waits for the first word.
    fn greet(&mut self, within_ms: f64) -> Greeting;

    /// bind(2) and listen(2). One listener at most is held.
    fn listen(&mut self, path: &str) -> Change;
    /// Closes the socket of a candidate that gives way.
    fn close_listener(&mut self);
    fn look_up(&mut self, pid: i64) -> Sighting;

    /// Whether a process can be started from here at all: there is a launch file, and it is for this service.
    fn can_start(&mut self) -> bool;
    /// `lock_nonce` names the spawn lock that the daemon releases; None when the caller holds none.
    fn spawn(&mut self, reason: &'static str, lock_nonce: Option<&str>) -> Spawning;
    /// What has become of the child that was started last.
    fn check(&mut self) -> Child;
}
