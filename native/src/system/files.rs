//! The file system of the machine. On every path the last name is taken for itself: a link there is never followed.

use super::appended::keep_for_owner;
use super::errno::{cause_of, change, found};
use super::libc::{O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK};
use crate::domain::ports::{Cause, Change, Entry, EntryType, Found};
use crate::domain::trusted_path::Look;
use crate::protocol as p;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{symlink, DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};

const PRIVATE_DIRECTORY: u32 = 0o700;
/// With the sticky bit, which cleaners of temporary directories pass by (tmpfiles.d(5)).
const PRIVATE_FILE: u32 = 0o1600;

pub fn make_directory(path: &str) -> Change {
    match change(DirBuilder::new().mode(PRIVATE_DIRECTORY).create(path), || format!("mkdir '{path}'")) {
        Change::Done => set_exact_mode(path),
        refused => refused,
    }
}

/// A umask takes from the owner too if it says so, and a parent may hand its set-group-ID bit down.
fn set_exact_mode(path: &str) -> Change {
    match inspect(path) {
        Found::There(Entry { kind: EntryType::Directory, mode, .. }) if mode != PRIVATE_DIRECTORY => {
            let set = fs::set_permissions(path, Permissions::from_mode(PRIVATE_DIRECTORY));
            absent_is_done(change(set, || format!("chmod '{path}'")))
        }
        // Somebody may have moved it away since: it was made all the same, and what is there now is not for us to change.
        _ => Change::Done,
    }
}

pub fn make_directories(path: &str) -> Change {
    let made = make_directory(path);
    if made != Change::Absent {
        return unless_directory(path, made);
    }
    match path.rsplit_once('/') {
        Some((parent, _)) if !parent.is_empty() => match make_directories(parent) {
            Change::Done => unless_directory(path, make_directory(path)),
            refused => refused,
        },
        _ => made,
    }
}

/// A directory that is there is as good as one made now: another process may have been faster.
fn unless_directory(path: &str, made: Change) -> Change {
    match made {
        Change::Done | Change::Absent => made,
        _ if fs::metadata(path).map_or(false, |found| found.is_dir()) => Change::Done,
        Change::Occupied => Change::WrongType,
        refused => refused,
    }
}

pub fn inspect(path: &str) -> Found<Entry> {
    found(fs::symlink_metadata(path), || format!("lstat '{path}'")).map(|found| Entry {
        kind: type_of(found.file_type()),
        user_id: found.uid(),
        mode: found.mode() & 0o7777,
        modified_ms: modified_ms(&found),
    })
}

/// A link whose target is not a text is not one of solod's.
pub fn read_link(path: &str) -> Found<String> {
    let target = fs::read_link(path).and_then(|target| {
        let text = target.into_os_string().into_string();
        text.map_err(|_| io::Error::from(io::ErrorKind::InvalidData))
    });
    found(target, || format!("readlink '{path}'"))
}

/// The file system of this machine, to look at.
pub struct Machine;

impl Look for Machine {
    fn inspect(&self, path: &str) -> Found<Entry> {
        inspect(path)
    }

    fn read_link(&self, path: &str) -> Found<String> {
        read_link(path)
    }
}

pub fn modified_ms(found: &fs::Metadata) -> f64 {
    node_ms(found.mtime(), found.mtime_nsec())
}

pub fn changed_ms(found: &fs::Metadata) -> f64 {
    node_ms(found.ctime(), found.ctime_nsec())
}

/// As Node has it: milliseconds since 1970, with a fraction.
fn node_ms(seconds: i64, nanoseconds: i64) -> f64 {
    seconds as f64 * 1_000.0 + nanoseconds as f64 / 1_000_000.0
}

fn type_of(found: fs::FileType) -> EntryType {
    if found.is_file() {
        EntryType::File
    } else if found.is_dir() {
        EntryType::Directory
    } else if found.is_symlink() {
        EntryType::Link
    } else if found.is_socket() {
        EntryType::Socket
    } else {
        EntryType::Other
    }
}

/// By descriptor: chmod(2) would follow a link that was put there since the caller looked.
pub fn tighten(path: &str) -> Change {
    let opened = OpenOptions::new().read(true).custom_flags(O_DIRECTORY | O_NOFOLLOW).open(path);
    let tightened = opened.and_then(|file| file.set_permissions(Permissions::from_mode(PRIVATE_DIRECTORY)));
    change(tightened, || format!("open '{path}'"))
}

pub fn make_link(target: &str, path: &str) -> Change {
    change(symlink(target, path), || format!("symlink '{target}' -> '{path}'"))
}

pub fn list(path: &str) -> Found<Vec<String>> {
    let names = || -> io::Result<Vec<String>> {
        fs::read_dir(path)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    };
    found(names(), || format!("scandir '{path}'"))
}

/// What the file held when it was opened.
pub fn read_text(path: &str) -> Found<String> {
    // Without O_NONBLOCK, open(2) of a fifo waits for its other end.
    let opened = OpenOptions::new().read(true).custom_flags(O_NOFOLLOW | O_NONBLOCK).open(path);
    let mut file = match found(opened, || format!("open '{path}'")) {
        Found::There(file) => file,
        Found::Absent => return Found::Absent,
        Found::WrongType => return Found::WrongType,
        Found::Failed(cause) => return Found::Failed(cause),
    };
    match read_whole(&mut file) {
        Ok(Whole::Text(text)) => Found::There(text),
        Ok(Whole::NoFile) => Found::WrongType,
        Ok(Whole::TooLong(bytes)) => {
            Found::Failed(Cause::new("EFBIG", &format!("{bytes} bytes are more than {}", p::TEXT_BYTES_MAX)))
        }
        Err(error) => Found::Failed(cause_of(&error, "read")),
    }
}

enum Whole {
    Text(String),
    NoFile,
    TooLong(u64),
}

fn read_whole(file: &mut File) -> io::Result<Whole> {
    let found = file.metadata()?;
    if !found.is_file() {
        return Ok(Whole::NoFile);
    }
    if found.len() > p::TEXT_BYTES_MAX {
        return Ok(Whole::TooLong(found.len()));
    }
    let mut bytes = Vec::with_capacity(found.len() as usize);
    file.take(found.len()).read_to_end(&mut bytes)?;
    Ok(Whole::Text(String::from_utf8_lossy(&bytes).into_owned()))
}

pub fn create_file(path: &str, text: &str) -> Change {
    let opened = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(PRIVATE_FILE)
        .custom_flags(O_NOFOLLOW)
        .open(path);
    let mut file = match opened {
        Ok(file) => file,
        Err(error) => return change(Err(error), || format!("open '{path}'")),
    };
    let made = keep_for_owner(&file, PRIVATE_FILE).and_then(|()| file.write_all(text.as_bytes()));
    let written = change(made, || "write".to_owned());
    // Half a record reads like a whole one that somebody forged.
    if written != Change::Done {
        let _ = fs::remove_file(path);
    }
    written
}

/// One write(2), so that lines of several writers do not mix.
pub fn append_text(path: &str, text: &str) -> Change {
    let opened = OpenOptions::new().append(true).custom_flags(O_NOFOLLOW | O_NONBLOCK).open(path);
    let mut file = match opened {
        Ok(file) => file,
        Err(error) => return change(Err(error), || format!("open '{path}'")),
    };
    if !file.metadata().map_or(false, |found| found.is_file()) {
        return Change::WrongType;
    }
    match file.write(text.as_bytes()) {
        Ok(count) if count < text.len() => {
            let message = format!("{count} of {} bytes were taken", text.len());
            Change::Failed(Cause::new("EIO", &message))
        }
        written => change(written.map(|_| ()), || "write".to_owned()),
    }
}

pub fn rename(from: &str, to: &str) -> Change {
    change(fs::rename(from, to), || format!("rename '{from}' -> '{to}'"))
}

pub fn remove_file(path: &str) -> Change {
    change(fs::remove_file(path), || format!("unlink '{path}'"))
}

pub fn remove_directory(path: &str) -> Change {
    change(fs::remove_dir(path), || format!("rmdir '{path}'"))
}

/// Another process may be removing the same tree: what is gone already counts as removed.
pub fn remove_tree(path: &str) -> Change {
    let mut budget = p::TREE_ENTRIES_MAX;
    clear(path, &mut budget)
}

fn clear(path: &str, budget: &mut usize) -> Change {
    if *budget == 0 {
        let message = format!("more than {} entries; some are left", p::TREE_ENTRIES_MAX);
        return Change::Failed(Cause::new("E2BIG", &message));
    }
    *budget -= 1;
    let removed = remove_file(path);
    if removed != Change::WrongType {
        return absent_is_done(removed);
    }
    let names = match list(path) {
        Found::There(names) => names,
        Found::Absent => return Change::Done,
        Found::WrongType => return Change::WrongType,
        Found::Failed(cause) => return Change::Failed(cause),
    };
    for name in names {
        match clear(&format!("{path}/{name}"), budget) {
            Change::Done => {}
            refused => return refused,
        }
    }
    absent_is_done(remove_directory(path))
}

fn absent_is_done(change: Change) -> Change {
    match change {
        Change::Absent => Change::Done,
        other => other,
    }
}
