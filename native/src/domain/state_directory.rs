//! The directory of a name, made where it is missing and refused where it can't be trusted. Somebody else who can write to it
//! could put a socket of their own there, and would be handed every caller's environment.

use super::failure::Failure;
use super::layout::Place;
use super::ports::{Change, Entry, EntryType, Found, Ports};
use super::spawn_lock::cause_in;
use crate::protocol as p;

/// The root first, then the name's own directory.
pub fn prepare_directory(ports: &mut impl Ports, place: &Place, user_id: u32) -> Result<(), Failure> {
    prepare_level(ports, &place.root, user_id, |ports, path| ports.make_directories(path))?;
    let directory =
        prepare_level(ports, &place.directory, user_id, |ports, path| ports.make_directory(path))?;
    // Others could read but not write: nothing in it is theirs, and closing it makes it what it should be. The root is not solod's
    // alone: it may be a directory that the user named for other things as well.
    if is_closed(&directory) {
        return Ok(());
    }
    match ports.tighten(&place.directory) {
        Change::Done => Ok(()),
        other => Err(Failure::Unusable { path: place.directory.clone(), cause: cause_in(&other) }),
    }
}

fn prepare_level<P: Ports>(
    ports: &mut P,
    path: &str,
    user_id: u32,
    make: fn(&mut P, &str) -> Change,
) -> Result<Entry, Failure> {
    let unusable = |change: Change| Failure::Unusable { path: path.to_owned(), cause: cause_in(&change) };
    let mut seen = ports.inspect(path);
    if seen == Found::Absent {
        match make(ports, path) {
            // Occupied: another caller made it in the meantime.
            Change::Done | Change::Occupied => {}
            other => return Err(unusable(other)),
        }
        // Making is tried once: if the directory is gone again, somebody removes it, and will do so again.
        seen = ports.inspect(path);
    }
    let entry = match seen {
        Found::There(entry) => entry,
        Found::Absent => return Err(unusable(Change::Absent)),
        Found::WrongType => return Err(unusable(Change::WrongType)),
        Found::Failed(cause) => return Err(unusable(Change::Failed(cause))),
    };
    match distrust_of(&entry, user_id) {
        Some(why) => Err(Failure::Distrusted { path: path.to_owned(), why }),
        None => Ok(entry),
    }
}

/// Whether its owner, and nobody else, may do everything with it.
pub(super) fn is_closed(entry: &Entry) -> bool {
    entry.mode & 0o777 == 0o700
}

/// Why a directory can't be trusted; None where it can.
pub(super) fn distrust_of(entry: &Entry, user_id: u32) -> Option<&'static str> {
    match entry.kind {
        EntryType::Link => Some(p::TEXT_DISTRUSTED_LINK),
        EntryType::Directory if entry.user_id != user_id => Some(p::TEXT_DISTRUSTED_FOREIGN),
        EntryType::Directory if entry.mode & 0o022 != 0 => Some(p::TEXT_DISTRUSTED_WRITABLE),
        EntryType::Directory => None,
        _ => Some(p::TEXT_DISTRUSTED_NO_DIRECTORY),
    }
}
