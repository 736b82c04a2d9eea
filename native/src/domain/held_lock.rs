//! What may be done with the spawn lock by its holder, and by nobody else: each act asks for the proof.

use super::identity::Identity;
use super::layout;
use super::ports::{Change, Ports};

/// Proof that this process holds the lock. Only `spawn_lock` makes one.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldLock {
    directory: String,
    nonce: String,
}

impl HeldLock {
    pub fn nonce(&self) -> &str {
        &self.nonce
    }
}

/// For `take_lock` alone, when its rename(2) has succeeded.
pub(super) fn held_lock(directory: &str, nonce: &str) -> HeldLock {
    HeldLock { directory: directory.to_owned(), nonce: nonce.to_owned() }
}

/// The lock that the caller which started this process has handed over to it. None for a text that is not a nonce: it could be a
/// path to anything.
pub fn handed_lock(directory: &str, nonce: &str) -> Option<HeldLock> {
    Some(held_lock(directory, nonce)).filter(|_| layout::is_nonce(nonce))
}

/// Writes down which process the holder has started: from then on others wait for that.
pub fn note_child(ports: &mut impl Ports, lock: &HeldLock, pid: i64, start_time: &str) {
    let child = ports.identity().of_child(pid, start_time);
    ports.append_text(&layout::lock_record(&lock.directory, &lock.nonce), &child_text(&child));
}

pub fn child_text(child: &Identity) -> String {
    format!("{{{}}}\n", child.members())
}

/// Removes one's own lock, and nobody else's; that it is gone already is fine.
pub fn release_lock(ports: &mut impl Ports, lock: &HeldLock) {
    // Only after one's own record is gone: the directory of another's lock is not empty, and rmdir(2) says so.
    if ports.remove_file(&layout::lock_record(&lock.directory, &lock.nonce)) == Change::Done {
        ports.remove_directory(&layout::lock(&lock.directory));
    }
}
