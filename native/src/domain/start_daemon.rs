//! How a caller starts a daemon, and looks after it: with the spawn lock or, where that can't be had, without it.

use super::failure::Failure;
use super::held_lock::{release_lock, HeldLock};
use super::ports::{Child, Ports, Spawning};

pub struct Started {
    pub pid: i64,
    pub start_time: String,
}

/// The daemon releases the lock when it has claimed; where none is started this does. Without a lock nobody is known to be
/// starting anything, and the claim arbitrates.
pub fn start_daemon(
    ports: &mut impl Ports,
    directory: &str,
    reason: &'static str,
    lock: Option<&HeldLock>,
) -> Result<Started, Failure> {
    let directory = directory.to_owned();
    let failure = match ports.spawn(reason, lock.map(HeldLock::nonce)) {
        Spawning::Spawned { pid, start_time } => return Ok(Started { pid, start_time }),
        Spawning::Refused(cause) => Failure::SpawnRefused { directory, cause },
        Spawning::HeldBack(held) => Failure::CrashLoop { directory, held },
    };
    if let Some(lock) = lock {
        release_lock(ports, lock);
    }
    Err(failure)
}

pub enum ChildVerdict {
    Running,
    /// `failure` says what to tell of it where no other daemon serves.
    Ended {
        well: bool,
        failure: Failure,
    },
}

/// What has become of the process that was started.
pub fn check_daemon(ports: &mut impl Ports, directory: &str, pid: i64) -> ChildVerdict {
    match ports.check() {
        Child::Running => ChildVerdict::Running,
        Child::Ended(end) => ChildVerdict::Ended {
            well: end.code == Some(0),
            failure: Failure::DiedAtStart { directory: directory.to_owned(), pid, end },
        },
    }
}
