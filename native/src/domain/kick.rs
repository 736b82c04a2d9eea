//! Kicking: see to it that a daemon is there, or will be, without waiting for it. When it returns the child runs, or the reason
//! why not is known. What it goes by is the owner file and the process table, as the kick in TypeScript, which can't connect
//! without waiting.

use super::failure::{fill, lock_text, seconds, sentence, Failure};
use super::identity::Vitality;
use super::layout::{self, Place};
use super::ports::{Ports, Spawning};
use super::spawn_lock::{self, child_text, Contended, Lock, LockError, Outcome};
use super::state_directory;
use super::witness::{sight_lock, sight_owner};
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
        warning: Option<Warning>,
    },
    /// A daemon is there.
    Running,
    /// Another caller is starting one.
    Contended,
    /// There is no directory to work in: nothing that a kick's caller could do about it now.
    NoDirectory,
    Failed(Failure),
}

/// What deserves a line on stderr.
pub fn line(kicked: &Kicked) -> Option<String> {
    let text = match kicked {
        Kicked::Running | Kicked::Contended | Kicked::NoDirectory | Kicked::Started { warning: None } => {
            return None
        }
        Kicked::Failed(failure) => sentence(failure),
        Kicked::Started { warning: Some(Warning::Lock(error)) } => lock_text(p::TEXT_WITHOUT_LOCK, error),
        Kicked::Started { warning: Some(Warning::OverrodeLock { age_ms }) } => {
            fill(p::TEXT_OVERRODE, &[("seconds", &seconds(*age_ms))])
        }
    };
    let lines: Vec<&str> = text.split('\n').map(str::trim).filter(|line| !line.is_empty()).collect();
    Some(lines.join(" "))
}

struct Kick<'a, P: Ports> {
    ports: &'a mut P,
    plan: &'a Plan<'a>,
    reason: &'static str,
    warning: Option<Warning>,
}

pub fn kick(ports: &mut impl Ports, plan: &Plan) -> Kicked {
    match state_directory::prepare(ports, plan.place, plan.user_id) {
        Ok(()) => {}
        Err(Failure::Unusable { .. }) => return Kicked::NoDirectory,
        Err(failure) => return Kicked::Failed(failure),
    }
    let mut kick = Kick { ports, plan, reason: p::REASON_COLD, warning: None };
    // A lock that is released just when it is looked at is tried again.
    for _ in 0..=p::KICK_TRIES_MAX {
        if let Some(kicked) = kick.attempt() {
            return kicked;
        }
    }
    Kicked::Contended
}

impl<P: Ports> Kick<'_, P> {
    /// None where the lock was free again when it was looked at.
    fn attempt(&mut self) -> Option<Kicked> {
        if self.sees_daemon() {
            return Some(Kicked::Running);
        }
        if !self.ports.can_start() {
            return Some(Kicked::Failed(Failure::NoLaunch));
        }
        match spawn_lock::take(self.ports, &self.plan.lock()) {
            Outcome::Contended => self.look_at_lock(),
            outcome => Some(self.lock_answered(outcome)),
        }
    }

    /// A daemon listens until its process ends, so a process that demonstrably lives is a daemon. In doubt a process is started,
    /// and gives way.
    fn sees_daemon(&mut self) -> bool {
        let owner = layout::current_owner(&self.plan.place.directory);
        match sight_owner(self.ports, &owner) {
            Some((_, Vitality::Alive)) => return true,
            Some((_, Vitality::Dead)) => self.reason = p::REASON_DEAD_DAEMON,
            _ => {}
        }
        false
    }

    fn look_at_lock(&mut self) -> Option<Kicked> {
        let lock = match spawn_lock::look(self.ports, &self.plan.place.directory) {
            Lock::Free => return None,
            Lock::Held(lock) => lock,
        };
        let now = self.ports.now();
        if lock.is_stale(now) {
            self.reason = p::REASON_STALE_LOCK;
            return Some(self.evict(&lock));
        }
        let age_ms = lock.age_ms(now.wall_ms);
        if age_ms < p::OVERRIDE_MS {
            return Some(Kicked::Contended);
        }
        let vitality = sight_lock(self.ports, &lock);
        let now = self.ports.now();
        if lock.is_under_way(vitality, now) {
            return Some(Kicked::Contended);
        }
        self.reason = p::REASON_OVERRIDE;
        self.warning = Some(Warning::OverrodeLock { age_ms: lock.age_ms(now.wall_ms) });
        Some(self.evict(&lock))
    }

    fn evict(&mut self, lock: &Contended) -> Kicked {
        let outcome = spawn_lock::take_over(self.ports, &self.plan.lock(), lock);
        self.lock_answered(outcome)
    }

    fn lock_answered(&mut self, outcome: Outcome) -> Kicked {
        match outcome {
            Outcome::Contended => Kicked::Contended,
            // Not contention: nobody is known to be starting anything. The claim arbitrates.
            Outcome::Error(error) => {
                self.reason = p::REASON_LOCK_ERROR;
                self.warning = Some(Warning::Lock(error));
                self.spawn()
            }
            Outcome::Held => {
                let reason = self.reason;
                if self.sees_daemon() {
                    spawn_lock::release(self.ports, &self.plan.place.directory, self.plan.nonce);
                    return Kicked::Running;
                }
                self.reason = reason;
                self.spawn()
            }
        }
    }

    fn spawn(&mut self) -> Kicked {
        let directory = self.plan.place.directory.clone();
        let failure = match self.ports.spawn(self.reason, self.plan.nonce) {
            Spawning::Spawned { pid, start_time } => {
                let child = self.ports.identity().of_child(pid, &start_time);
                self.ports
                    .append_text(&layout::lock_record(&directory, self.plan.nonce), &child_text(&child));
                return Kicked::Started { warning: self.warning.take() };
            }
            Spawning::Refused(cause) => Failure::SpawnRefused { directory, cause },
            Spawning::HeldBack(held) => Failure::CrashLoop { directory, held },
        };
        spawn_lock::release(self.ports, &self.plan.place.directory, self.plan.nonce);
        Kicked::Failed(failure)
    }
}
