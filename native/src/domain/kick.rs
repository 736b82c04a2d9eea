//! Kicking: see to it that a daemon is there, or will be, without waiting for it. When it returns the child runs, or the reason
//! why not is known. What it goes by is the owner file and the process table, as the kick in TypeScript, which can't connect
//! without waiting.

use super::failure::{code, code_suffix, fill, lock_text, seconds, sentence, Failure};
use super::held_lock::{note_child, release_lock, HeldLock};
use super::identity::Vitality;
use super::layout::{self, Place};
use super::lock_witness::{judge_lock, LockPatience, LockVerdict};
use super::owner_witness::sight_owner;
use super::ports::Ports;
use super::spawn_lock::{self, look_at_lock, take_lock, take_over, Contended, Lock, LockError, Outcome};
use super::start_daemon::start_daemon;
use super::state_directory::prepare_directory;
use crate::protocol as p;

pub struct Plan<'a> {
    pub place: &'a Place,
    pub user_id: u32,
    pub nonce: &'a str,
    pub ready_ms: f64,
}

impl Plan<'_> {
    fn lock(&self) -> spawn_lock::Plan<'_> {
        spawn_lock::Plan { directory: &self.place.directory, nonce: self.nonce, ready_ms: self.ready_ms }
    }
}

/// What deserves a line, although a process was started.
#[derive(Clone, Debug, PartialEq)]
pub enum Warning {
    Lock(LockError),
    OverrodeLock { age_ms: f64 },
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kicked {
    Started {
        pid: i64,
        reason: &'static str,
        warning: Option<Warning>,
    },
    /// A daemon is there.
    Running,
    /// Another caller is starting one.
    Contended,
    /// The directory can't be made or used. A kick's caller can do nothing about it now.
    NoDirectory,
    Failed(Failure),
}

/// What deserves a line on stderr.
pub fn line(kicked: &Kicked) -> Option<String> {
    let (text, code) = match kicked {
        Kicked::Running | Kicked::Contended | Kicked::NoDirectory | Kicked::Started { warning: None, .. } => {
            return None
        }
        Kicked::Failed(failure) => (sentence(failure), code(failure)),
        Kicked::Started { warning: Some(Warning::Lock(error)), .. } => {
            (lock_text(p::TEXT_WITHOUT_LOCK, error), p::CODE_KICK_LOCK_ERROR)
        }
        Kicked::Started { warning: Some(Warning::OverrodeLock { age_ms }), .. } => {
            (fill(p::TEXT_OVERRODE, &[("seconds", &seconds(*age_ms))]), p::CODE_KICK_OVERRODE_LOCK)
        }
    };
    let lines: Vec<&str> = text.split('\n').map(str::trim).filter(|line| !line.is_empty()).collect();
    Some(lines.join(" ") + &code_suffix(code))
}

/// Why a process is to be started, and what to say of it.
struct Start {
    reason: &'static str,
    warning: Option<Warning>,
}

pub fn kick(ports: &mut impl Ports, plan: &Plan) -> Kicked {
    match prepare_directory(ports, plan.place, plan.user_id) {
        Ok(()) => {}
        Err(Failure::Unusable { .. }) => return Kicked::NoDirectory,
        Err(failure) => return Kicked::Failed(failure),
    }
    let mut reason = p::REASON_COLD;
    // A lock that is released just when it is looked at is tried again.
    for _ in 0..=p::KICK_TRIES_MAX {
        if let Some(kicked) = attempt(ports, plan, &mut reason) {
            return kicked;
        }
        if let Some(kicked) = take(ports, plan, reason) {
            return kicked;
        }
    }
    Kicked::Contended
}

/// Before the lock is taken; with it, `hold` asks again.
fn attempt(ports: &mut impl Ports, plan: &Plan, reason: &mut &'static str) -> Option<Kicked> {
    match sight_owner(ports, &layout::current_owner(&plan.place.directory)) {
        // A daemon listens until its process ends, so a process that demonstrably lives is a daemon.
        Some((_, Vitality::Alive)) => return Some(Kicked::Running),
        Some((_, Vitality::Dead)) => *reason = p::REASON_DEAD_DAEMON,
        // In doubt a process is started, and gives way.
        Some((_, Vitality::Unknown)) | None => {}
    }
    match ports.can_start() {
        true => None,
        false => Some(Kicked::Failed(Failure::NoLaunch)),
    }
}

/// None where the lock was free again when it was looked at: most likely a daemon has just claimed, and released it.
fn take(ports: &mut impl Ports, plan: &Plan, reason: &'static str) -> Option<Kicked> {
    let me = Start { reason, warning: None };
    let outcome = take_lock(ports, &plan.lock());
    if outcome != Outcome::Contended {
        return Some(lock_answered(ports, plan, me, outcome));
    }
    match look_at_lock(ports, &plan.place.directory) {
        Lock::Free => None,
        Lock::Held(lock) => Some(lock_seen(ports, plan, me, &lock)),
    }
}

fn lock_seen(ports: &mut impl Ports, plan: &Plan, me: Start, lock: &Contended) -> Kicked {
    match judge_lock(ports, lock, LockPatience::Age) {
        LockVerdict::LeaveAlone => Kicked::Contended,
        LockVerdict::Stale => evict(ports, plan, Start { reason: p::REASON_STALE_LOCK, ..me }, lock),
        LockVerdict::Overdue { age_ms } => {
            let warning = Some(Warning::OverrodeLock { age_ms });
            evict(ports, plan, Start { reason: p::REASON_OVERRIDE, warning }, lock)
        }
    }
}

fn evict(ports: &mut impl Ports, plan: &Plan, me: Start, lock: &Contended) -> Kicked {
    let outcome = take_over(ports, &plan.lock(), lock);
    lock_answered(ports, plan, me, outcome)
}

fn lock_answered(ports: &mut impl Ports, plan: &Plan, me: Start, outcome: Outcome) -> Kicked {
    match outcome {
        Outcome::Contended => Kicked::Contended,
        Outcome::Held(lock) => hold(ports, plan, me, &lock),
        // Not contention: nobody is known to be starting anything. The claim arbitrates.
        Outcome::Error(error) => {
            let warning = Some(Warning::Lock(error));
            start(ports, plan, Start { reason: p::REASON_LOCK_ERROR, warning }, None)
        }
    }
}

/// A daemon may have come while the lock was being taken.
fn hold(ports: &mut impl Ports, plan: &Plan, me: Start, lock: &HeldLock) -> Kicked {
    let owner = layout::current_owner(&plan.place.directory);
    match sight_owner(ports, &owner) {
        Some((_, Vitality::Alive)) => {
            release_lock(ports, lock);
            Kicked::Running
        }
        _ => start(ports, plan, me, Some(lock)),
    }
}

fn start(ports: &mut impl Ports, plan: &Plan, me: Start, lock: Option<&HeldLock>) -> Kicked {
    match start_daemon(ports, &plan.place.directory, me.reason, lock) {
        Ok(started) => {
            if let Some(lock) = lock {
                note_child(ports, lock, started.pid, &started.start_time);
            }
            Kicked::Started { pid: started.pid, reason: me.reason, warning: me.warning }
        }
        Err(failure) => Kicked::Failed(failure),
    }
}
