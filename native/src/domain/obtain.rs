//! Obtaining: attach to the daemon of a name, or start one. However many callers ask at once, one process is started; the spawn
//! lock sees to that, and where it can't, the claim does.
//!
//! A caller is a newcomer first: it looks whether somebody answers. If nobody does it takes the lock and looks again, as the
//! holder; then it starts one, and is its starter. If the lock is another's it waits, and looks again and again.

use super::connect_verdict::{judge_connect, Verdict};
use super::failure::{Failure, Phase};
use super::held_lock::{note_child, release_lock, HeldLock};
use super::layout::Place;
use super::lock_witness::{judge_lock, LockPatience, LockVerdict};
use super::ports::{Cause, Connecting, Greeting, Ports, Progress};
use super::reach_daemon::{connect, greet, left_ms, now_ms, read_owner};
use super::restore_current::restore_current;
use super::spawn_lock::{self, look_at_lock, take_lock, take_over, Contended, Lock, Outcome};
use super::start_daemon::{check_daemon, start_daemon, ChildVerdict};
use super::state_directory::prepare_directory;
use super::timing::{next_poll_ms, Timing};
use crate::protocol as p;

pub struct Plan<'a> {
    pub place: &'a Place,
    pub user_id: u32,
    pub nonce: &'a str,
    pub timing: Timing,
    pub patience: Patience,
}

impl Plan<'_> {
    fn lock(&self) -> spawn_lock::Plan<'_> {
        spawn_lock::Plan {
            directory: &self.place.directory,
            nonce: self.nonce,
            ready_ms: self.timing.ready_ms,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// A daemon is waited for, and started.
    Wait,
    /// The caller has another way to its answer: it neither starts a daemon nor waits for one.
    Leave,
}

/// What a caller is at the moment: it decides what a connection that fails means.
#[derive(Debug, PartialEq)]
enum Role {
    Newcomer,
    /// Without a lock where that can't be had at all.
    Holder {
        reason: &'static str,
        lock: Option<HeldLock>,
    },
    /// `key` tells the lock that is waited for, `since_ms` since when.
    Waiter {
        key: String,
        since_ms: f64,
    },
    Starter {
        lock: Option<HeldLock>,
        pid: i64,
        spawned_ms: f64,
    },
    /// The child is dead: one more look whether somebody else serves.
    Mourner {
        failure: Failure,
    },
}

/// Why the last attempt to reach a daemon that is there came to nothing.
enum Trouble {
    None,
    Unreachable(Option<Cause>),
    /// It hung up before it said anything, or is on its way out.
    HungUp,
}

/// How a stretch of the way ended: with the next one, or for good.
enum Next {
    Look,
    Wait,
    End(Result<(), Failure>),
}

fn fail(failure: Failure) -> Next {
    Next::End(Err(failure))
}

struct Caller<'a, P: Ports> {
    ports: &'a mut P,
    plan: &'a Plan<'a>,
    role: Role,
    begun_ms: f64,
    poll_ms: f64,
    spawns: u32,
    trouble: Trouble,
    /// Why nobody serves, by what this caller has seen.
    vacancy: &'static str,
}

/// Until a daemon has taken this caller's request on, which is Ok, or for a reason why none has.
pub fn obtain(ports: &mut impl Ports, plan: &Plan) -> Result<(), Failure> {
    let begun_ms = now_ms(ports);
    prepare_directory(ports, plan.place, plan.user_id)?;
    let mut caller = Caller {
        ports,
        plan,
        role: Role::Newcomer,
        begun_ms,
        poll_ms: p::FIRST_POLL_MS,
        spawns: 0,
        trouble: Trouble::None,
        vacancy: p::REASON_COLD,
    };
    let mut next = Next::Look;
    loop {
        next = match next {
            Next::Look => caller.look(),
            Next::Wait => caller.wait(),
            Next::End(result) => return result,
        }
    }
}

impl<P: Ports> Caller<'_, P> {
    fn directory(&self) -> String {
        self.plan.place.directory.clone()
    }

    fn deadline_ms(&self) -> f64 {
        let total_ms = self.begun_ms + self.plan.timing.total_ms;
        match self.role {
            Role::Starter { spawned_ms, .. } => total_ms.min(spawned_ms + self.plan.timing.ready_ms),
            _ => total_ms,
        }
    }

    fn left_ms(&mut self) -> f64 {
        let until_ms = self.deadline_ms();
        left_ms(self.ports, until_ms)
    }

    // --- is anybody there? -------------------------------------------------------------------------------------------

    fn look(&mut self) -> Next {
        let reading = connect(self.ports, &self.plan.place.directory);
        if reading == Connecting::Connected {
            self.step_back();
            return self.meet();
        }
        match judge_connect(&reading) {
            Verdict::Absent => self.vacant(),
            Verdict::Dead => {
                // A daemon has died; unless its end was asked for.
                if self.vacancy == p::REASON_COLD {
                    self.vacancy = p::REASON_DEAD_DAEMON;
                }
                self.vacant()
            }
            Verdict::Alive | Verdict::Unknown(_) => self.doubt(reading),
        }
    }

    /// Somebody is there and can't be reached.
    fn doubt(&mut self, reading: Connecting) -> Next {
        self.step_back();
        self.trouble = Trouble::Unreachable(match reading {
            Connecting::Errno(cause) => Some(cause),
            Connecting::Connected => None,
        });
        Next::Wait
    }

    /// Somebody is there. A lock that was taken to start somebody has lost its purpose.
    fn step_back(&mut self) {
        if let Role::Holder { lock, .. } = &self.role {
            if let Some(lock) = lock {
                release_lock(self.ports, lock);
            }
            self.role = Role::Newcomer;
        }
    }

    fn meet(&mut self) -> Next {
        let until_ms = self.deadline_ms();
        match greet(self.ports, until_ms) {
            None => self.too_late(),
            Some(Greeting::Accepted) => Next::End(Ok(())),
            // Node says so.
            Some(_) if self.is_program() => fail(Failure::NoLaunch),
            Some(Greeting::Declined { message, exit_code }) => fail(Failure::Declined { message, exit_code }),
            Some(Greeting::Outdated { message }) => fail(Failure::Outdated { message }),
            Some(Greeting::Silent) => {
                self.trouble = Trouble::Unreachable(None);
                self.timed_out()
            }
            Some(Greeting::Ended(progress)) => self.hung_up(progress),
            Some(Greeting::Draining { upgrade, progress }) => {
                if upgrade {
                    self.vacancy = p::REASON_UPGRADE;
                }
                self.hung_up(progress)
            }
        }
    }

    /// Whether the name is a program's, which can't know what a request means.
    fn is_program(&mut self) -> bool {
        self.plan.patience == Patience::Wait
            && read_owner(self.ports, &self.plan.place.directory).map_or(false, |owner| owner.is_program)
    }

    fn too_late(&mut self) -> Next {
        if let Trouble::None = self.trouble {
            self.trouble = Trouble::Unreachable(None);
        }
        self.timed_out()
    }

    /// A caller that a daemon has queued has waited for its turn, not for a daemon: its time begins again.
    fn hung_up(&mut self, progress: Progress) -> Next {
        self.trouble = Trouble::HungUp;
        if progress == Progress::Queued {
            self.begun_ms = now_ms(self.ports);
            self.role = Role::Newcomer;
            self.poll_ms = p::FIRST_POLL_MS;
        }
        Next::Wait
    }

    // --- nobody is ---------------------------------------------------------------------------------------------------

    fn vacant(&mut self) -> Next {
        self.trouble = Trouble::None;
        match &self.role {
            Role::Newcomer if self.plan.patience == Patience::Leave => fail(Failure::Vacant),
            Role::Holder { reason, lock } => {
                let (reason, lock) = (*reason, lock.clone());
                if self.left_ms() > 0.0 {
                    return self.start(reason, lock);
                }
                // Held up until its time was over: nobody would wait for what it started.
                self.step_back();
                Next::Wait
            }
            Role::Newcomer | Role::Waiter { .. } => {
                match look_at_lock(self.ports, &self.plan.place.directory) {
                    Lock::Free => self.take(),
                    // Most of those that come at once only wait, and need not know how a daemon is started.
                    Lock::Held(lock) => self.lock_seen(&lock),
                }
            }
            Role::Starter { lock, pid, .. } => {
                let (lock, pid) = (lock.clone(), *pid);
                self.check(lock, pid)
            }
            Role::Mourner { failure } => fail(failure.clone()),
        }
    }

    fn take(&mut self) -> Next {
        if !self.ports.can_start() {
            return fail(Failure::NoLaunch);
        }
        let outcome = take_lock(self.ports, &self.plan.lock());
        self.lock_answered(self.vacancy, outcome)
    }

    fn lock_answered(&mut self, reason: &'static str, outcome: Outcome) -> Next {
        match outcome {
            Outcome::Held(lock) => {
                self.role = Role::Holder { reason, lock: Some(lock) };
                Next::Look
            }
            Outcome::Contended => match look_at_lock(self.ports, &self.plan.place.directory) {
                // Free, and yet refused a moment ago: others are at it. Never in a tight loop, and not for ever.
                Lock::Free => self.jammed("free"),
                Lock::Held(lock) => self.lock_seen(&lock),
            },
            // No room to write in: a daemon would fail the same way. A lock that is jammed itself must not decide.
            Outcome::Error(error) if error.while_preparing => fail(Failure::Lock(error)),
            Outcome::Error(_) => self.jammed("jammed"),
        }
    }

    /// Since when this very lock has been waited for; None where another one has been, or none.
    fn since_ms(&self, awaited: &str) -> Option<f64> {
        match &self.role {
            Role::Waiter { key, since_ms } if key == awaited => Some(*since_ms),
            _ => None,
        }
    }

    /// A waiter for that lock from now on.
    fn waiting(&mut self, key: &str, since_ms: f64) -> Next {
        self.role = Role::Waiter { key: key.to_owned(), since_ms };
        Next::Wait
    }

    /// The lock can't be had, and it is nobody's: after the fallback time a process is started without it.
    fn jammed(&mut self, key: &str) -> Next {
        let at_ms = now_ms(self.ports);
        let since_ms = self.since_ms(key).unwrap_or(at_ms);
        if at_ms - since_ms < self.plan.timing.lock_fallback_ms {
            return self.waiting(key, since_ms);
        }
        self.go_unlocked()
    }

    /// A start without the lock. Like one with it, it looks a last time before: a daemon may have come while nobody looked.
    fn go_unlocked(&mut self) -> Next {
        self.role = Role::Holder { reason: p::REASON_LOCK_ERROR, lock: None };
        Next::Look
    }

    fn lock_seen(&mut self, lock: &Contended) -> Next {
        let key = lock.key();
        let since_ms = match self.since_ms(&key) {
            Some(since_ms) => since_ms,
            None => now_ms(self.ports),
        };
        let patience = LockPatience::Wait { since_ms, timing: &self.plan.timing };
        match judge_lock(self.ports, lock, patience) {
            LockVerdict::LeaveAlone => self.waiting(&key, since_ms),
            LockVerdict::Stale => self.evict(lock, p::REASON_STALE_LOCK),
            LockVerdict::Overdue { .. } => self.evict(lock, p::REASON_LOCK_FALLBACK),
        }
    }

    fn evict(&mut self, lock: &Contended, reason: &'static str) -> Next {
        if !self.ports.can_start() {
            return fail(Failure::NoLaunch);
        }
        match take_over(self.ports, &self.plan.lock(), lock) {
            // Another caller was faster: its start is waited for like any other's.
            Outcome::Contended => {
                let at_ms = now_ms(self.ports);
                let since_ms = self.since_ms("taken over").unwrap_or(at_ms);
                self.waiting("taken over", since_ms)
            }
            // It can't be taken over, and it has been waited for as long as is due.
            Outcome::Error(error) if !error.while_preparing && reason == p::REASON_LOCK_FALLBACK => {
                self.go_unlocked()
            }
            outcome => self.lock_answered(reason, outcome),
        }
    }

    // --- starting one ------------------------------------------------------------------------------------------------

    fn start(&mut self, reason: &'static str, lock: Option<HeldLock>) -> Next {
        match start_daemon(self.ports, &self.plan.place.directory, reason, lock.as_ref()) {
            Ok(started) => {
                let spawned_ms = now_ms(self.ports);
                if let Some(lock) = &lock {
                    note_child(self.ports, lock, started.pid, &started.start_time);
                }
                self.role = Role::Starter { lock, pid: started.pid, spawned_ms };
                self.spawns += 1;
                self.poll_ms = p::FIRST_POLL_MS;
                Next::Wait
            }
            Err(failure) => fail(failure),
        }
    }

    fn check(&mut self, lock: Option<HeldLock>, pid: i64) -> Next {
        let (well, failure) = match check_daemon(self.ports, &self.plan.place.directory, pid) {
            ChildVerdict::Running => return Next::Wait,
            ChildVerdict::Ended { well, failure } => (well, failure),
        };
        // It gave way to a daemon, which may have lost its `current`; or it is a program that ends well without serving, and then once
        // more is enough.
        let gave_way = well && self.spawns < p::SPAWNS_MAX;
        self.role = if gave_way { Role::Newcomer } else { Role::Mourner { failure } };
        if let Some(lock) = &lock {
            release_lock(self.ports, lock);
        }
        if well {
            restore_current(self.ports, &self.plan.place.directory);
        }
        Next::Look
    }

    // --- waiting, and how it ends ------------------------------------------------------------------------------------

    fn wait(&mut self) -> Next {
        if self.plan.patience == Patience::Leave {
            return fail(Failure::Vacant);
        }
        let left = self.left_ms();
        if left <= 0.0 {
            return self.timed_out();
        }
        self.ports.sleep(self.poll_ms.min(left));
        self.poll_ms = next_poll_ms(self.poll_ms);
        Next::Look
    }

    fn timed_out(&mut self) -> Next {
        let at_ms = now_ms(self.ports);
        let (after_ms, directory) = (at_ms - self.begun_ms, self.directory());
        match &self.role {
            Role::Mourner { failure } => return fail(failure.clone()),
            Role::Starter { pid, spawned_ms, .. } => {
                let (after_ms, pid) = (at_ms - spawned_ms, Some(*pid));
                return fail(Failure::TimedOut { directory, phase: Phase::Ready, after_ms, pid });
            }
            _ => {}
        }
        let phase = match &self.trouble {
            Trouble::Unreachable(cause) => {
                let cause = cause.clone();
                let owner = read_owner(self.ports, &directory);
                return fail(Failure::NotAnswering { directory, owner, after_ms, cause });
            }
            Trouble::HungUp => Phase::Answer,
            Trouble::None => Phase::Lock,
        };
        fail(Failure::TimedOut { directory, phase, after_ms, pid: None })
    }
}
