use super::failure::Failure;
use super::layout::Place;
use super::ports::{Change, Entry, EntryType, Found, Ports};
use super::spawn_lock::cause_of;
use crate::protocol as p;

/// Makes the directory of a name where it is missing, and refuses it where it can't be trusted: whoever can write to it could put
/// a socket of their own there, and be handed every caller's environment.
pub fn prepare(ports: &mut impl Ports, place: &Place, user_id: u32) -> Result<(), Failure> {
    let root = inspect_or_make(ports, &place.root, |ports, path| ports.make_directories(path))?;
    trust(&root, &place.root, user_id)?;
    let directory = inspect_or_make(ports, &place.directory, |ports, path| ports.make_directory(path))?;
    trust(&directory, &place.directory, user_id)?;
    // Others could read but not write: nothing in it is theirs, and closing it makes it what it should be.
    if directory.mode & 0o077 == 0 && directory.mode & 0o700 == 0o700 {
        return Ok(());
    }
    match ports.tighten(&place.directory) {
        Change::Done => Ok(()),
        other => Err(Failure::Unusable { path: place.directory.clone(), cause: cause_of(&other) }),
    }
}

/// Making is tried once: a directory that is gone again was removed by somebody who will do so again.
fn inspect_or_make<P: Ports>(
    ports: &mut P,
    path: &str,
    make: fn(&mut P, &str) -> Change,
) -> Result<Entry, Failure> {
    let unusable = |change: Change| Failure::Unusable { path: path.to_owned(), cause: cause_of(&change) };
    match ports.inspect(path) {
        Found::There(entry) => return Ok(entry),
        Found::Absent => {}
        Found::WrongType => return Err(unusable(Change::WrongType)),
        Found::Failed(cause) => return Err(unusable(Change::Failed(cause))),
    }
    match make(ports, path) {
        // Occupied: another caller made it in the meantime.
        Change::Done | Change::Occupied => {}
        other => return Err(unusable(other)),
    }
    match ports.inspect(path) {
        Found::There(entry) => Ok(entry),
        Found::Absent => Err(unusable(Change::Absent)),
        Found::WrongType => Err(unusable(Change::WrongType)),
        Found::Failed(cause) => Err(unusable(Change::Failed(cause))),
    }
}

fn trust(entry: &Entry, path: &str, user_id: u32) -> Result<(), Failure> {
    let why = match entry.kind {
        EntryType::Link => p::TEXT_DISTRUSTED_LINK,
        EntryType::Directory if entry.user_id != user_id => p::TEXT_DISTRUSTED_FOREIGN,
        EntryType::Directory if entry.mode & 0o022 != 0 => p::TEXT_DISTRUSTED_WRITABLE,
        EntryType::Directory => return Ok(()),
        _ => p::TEXT_DISTRUSTED_NO_DIRECTORY,
    };
    Err(Failure::Distrusted { path: path.to_owned(), why })
}
