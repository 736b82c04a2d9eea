//! Obtaining: attach to the daemon of a name, or start one. However many callers ask at once, one process is started; the spawn
//! lock sees to that, and where it can't, the claim does.
//!
//! A caller is a newcomer first: it looks whether somebody answers. If nobody does it takes the lock and looks again, as the
//! holder; then it starts one, and is its starter. If the lock is another's it waits, and looks again and again.

use super::failure::{Failure, Phase};
use super::layout::{self, Place};
use super::owner::{self, Owner};
use super::ports::{Cause, Child, ChildEnd, Connecting, Found, Greeting, Instant, Ports, Spawning};
use super::spawn_lock::{self, child_text, Contended, Lock, Outcome};
use super::state_directory;
use super::timing::{next_poll_ms, Timing};
use super::verdict::{judge, Verdict};
use super::witness::sight_lock;
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
    /// Who is not there at the first look is done without.
    Leave,
}

/// What a caller is at the moment: it decides what a connection that fails means.
#[derive(Debug, PartialEq)]
enum Role {
    Newcomer,
    Holder {
        reason: &'static str,
    },
    /// `key` tells the lock that is waited for, `since_ms` since when.
    Waiter {
        key: String,
        since_ms: f64,
    },
    Starter {
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
    /// Why nobody serves, as far as this caller has seen.
    vacancy: &'static str,
}

/// Until a daemon has taken this caller's request on, which is Ok, or for a reason why none has.
pub fn obtain(ports: &mut impl Ports, plan: &Plan) -> Result<(), Failure> {
    let begun_ms = ports.now().monotonic_ms;
    state_directory::prepare(ports, plan.place, plan.user_id)?;
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
    fn left_ms(&self, now: Instant) -> f64 {
        let total = self.begun_ms + self.plan.timing.total_ms;
        let deadline = match self.role {
            Role::Starter { spawned_ms, .. } => total.min(spawned_ms + self.plan.timing.ready_ms),
            _ => total,
        };
        (deadline - now.monotonic_ms).max(0.0)
    }

    fn directory(&self) -> String {
        self.plan.place.directory.clone()
    }

    fn left(&mut self) -> f64 {
        let now = self.ports.now();
        self.left_ms(now)
    }

    // --- is anybody there? -------------------------------------------------------------------------------------------

    fn look(&mut self) -> Next {
        let reading = self.ports.connect(&layout::current_socket(&self.plan.place.directory));
        if reading == Connecting::Connected {
            self.step_back();
            return self.meet();
        }
        match judge(&reading) {
            Verdict::Absent => self.vacant(),
            Verdict::Dead => {
                // A daemon has died; unless its end was asked for.
                if self.vacancy == p::REASON_COLD {
                    self.vacancy = p::REASON_DEAD_DAEMON;
                }
                self.vacant()
            }
            Verdict::Alive | Verdict::Unknown(_) => {
                self.step_back();
                self.trouble = Trouble::Unreachable(match reading {
                    Connecting::Errno(cause) => Some(cause),
                    Connecting::Connected => None,
                });
                self.patiently()
            }
        }
    }

    /// Somebody is there. A lock that was taken to start somebody has lost its purpose.
    fn step_back(&mut self) {
        if let Role::Holder { .. } = self.role {
            spawn_lock::release(self.ports, &self.plan.place.directory, self.plan.nonce);
            self.role = Role::Newcomer;
        }
    }

    fn meet(&mut self) -> Next {
        let left = self.left();
        // Whoever was held up until its time was over asks for nothing any more: it would not hear the answer.
        if left <= 0.0 {
            if let Trouble::None = self.trouble {
                self.trouble = Trouble::Unreachable(None);
            }
            return self.timed_out();
        }
        match self.ports.greet(left) {
            Greeting::Accepted => Next::End(Ok(())),
            Greeting::Declined { message, exit_code } => fail(Failure::Declined { message, exit_code }),
            Greeting::Outdated { message } => fail(Failure::Outdated { message }),
            Greeting::Ended => self.hung_up(),
            Greeting::Draining { upgrade } => {
                if upgrade {
                    self.vacancy = p::REASON_UPGRADE;
                }
                self.hung_up()
            }
            Greeting::Silent => {
                self.trouble = Trouble::Unreachable(None);
                self.timed_out()
            }
        }
    }

    fn hung_up(&mut self) -> Next {
        self.trouble = Trouble::HungUp;
        self.patiently()
    }

    /// For who is there and does not answer.
    fn patiently(&self) -> Next {
        match self.plan.patience {
            Patience::Wait => Next::Wait,
            Patience::Leave => fail(Failure::Vacant),
        }
    }

    // --- nobody is ---------------------------------------------------------------------------------------------------

    fn vacant(&mut self) -> Next {
        self.trouble = Trouble::None;
        match &mut self.role {
            Role::Newcomer if self.plan.patience == Patience::Leave => fail(Failure::Vacant),
            Role::Newcomer if !self.ports.can_start() => fail(Failure::NoLaunch),
            Role::Newcomer => self.take(self.vacancy),
            Role::Holder { reason } => {
                let reason = *reason;
                self.start(reason)
            }
            Role::Waiter { .. } => self.look_at_lock(Came::Waited),
            Role::Starter { pid, .. } => {
                let pid = *pid;
                self.check_child(pid)
            }
            Role::Mourner { failure } => fail(failure.clone()),
        }
    }

    fn start(&mut self, reason: &'static str) -> Next {
        if self.left() > 0.0 {
            return self.spawn(reason);
        }
        // Held up until its time was over: nobody would wait for what it started.
        self.step_back();
        Next::Wait
    }

    fn take(&mut self, reason: &'static str) -> Next {
        let outcome = spawn_lock::take(self.ports, &self.plan.lock());
        self.lock_answered(reason, outcome)
    }

    fn lock_answered(&mut self, reason: &'static str, outcome: Outcome) -> Next {
        match outcome {
            Outcome::Held => {
                self.role = Role::Holder { reason };
                Next::Look
            }
            Outcome::Contended => self.look_at_lock(Came::Refused),
            // No room to write in: a daemon would fail the same way.
            Outcome::Error(error) if error.while_preparing => fail(Failure::Lock(error)),
            // A lock that is jammed itself must not decide.
            Outcome::Error(_) => self.jammed("jammed"),
        }
    }

    /// The lock can't be had, and it is nobody's: after the fallback time a process is started without it.
    fn jammed(&mut self, key: &str) -> Next {
        self.await_lock(key);
        if self.waited_ms() < self.plan.timing.lock_fallback_ms {
            return Next::Wait;
        }
        self.go_unlocked()
    }

    /// A start without the lock. Like one with it, it looks a last time before: a daemon may have come while nobody looked.
    fn go_unlocked(&mut self) -> Next {
        self.role = Role::Holder { reason: p::REASON_LOCK_ERROR };
        Next::Look
    }

    /// A waiter for that lock from now on; counted from when this very lock was first seen.
    fn await_lock(&mut self, awaited: &str) {
        if let Role::Waiter { key, .. } = &self.role {
            if key == awaited {
                return;
            }
        }
        let since_ms = self.ports.now().monotonic_ms;
        self.role = Role::Waiter { key: awaited.to_owned(), since_ms };
    }

    fn waited_ms(&mut self) -> f64 {
        let now = self.ports.now();
        match self.role {
            Role::Waiter { since_ms, .. } => now.monotonic_ms - since_ms,
            _ => 0.0,
        }
    }

    fn look_at_lock(&mut self, after: Came) -> Next {
        match (spawn_lock::look(self.ports, &self.plan.place.directory), after) {
            (Lock::Held(lock), _) => self.lock_seen(&lock),
            (Lock::Free, Came::Waited) => self.take(self.vacancy),
            // Free, and yet refused a moment ago: others are at it. Never in a tight loop, and not for ever.
            (Lock::Free, Came::Refused) => self.jammed("free"),
        }
    }

    fn lock_seen(&mut self, lock: &Contended) -> Next {
        let now = self.ports.now();
        if lock.is_stale(now) {
            return self.evict(lock, p::REASON_STALE_LOCK);
        }
        self.await_lock(&lock.key());
        if self.waited_ms() < self.plan.timing.lock_fallback_ms {
            return Next::Wait;
        }
        let vitality = sight_lock(self.ports, lock);
        if lock.is_under_way(vitality, self.ports.now()) {
            return Next::Wait;
        }
        self.evict(lock, p::REASON_LOCK_FALLBACK)
    }

    fn evict(&mut self, lock: &Contended, reason: &'static str) -> Next {
        match spawn_lock::take_over(self.ports, &self.plan.lock(), lock) {
            // Another caller was faster: its start is waited for like any other's.
            Outcome::Contended => {
                self.await_lock("taken over");
                Next::Wait
            }
            // It can't be taken over, and it has been waited for as long as is due.
            Outcome::Error(error) if !error.while_preparing && reason == p::REASON_LOCK_FALLBACK => {
                self.go_unlocked()
            }
            outcome => self.lock_answered(reason, outcome),
        }
    }

    // --- starting one ------------------------------------------------------------------------------------------------

    fn spawn(&mut self, reason: &'static str) -> Next {
        match self.ports.spawn(reason, self.plan.nonce) {
            Spawning::Spawned { pid, start_time } => {
                let spawned_ms = self.ports.now().monotonic_ms;
                let child = self.ports.identity().of_child(pid, &start_time);
                self.ports.append_text(
                    &layout::lock_record(&self.plan.place.directory, self.plan.nonce),
                    &child_text(&child),
                );
                self.role = Role::Starter { pid, spawned_ms };
                self.spawns += 1;
                self.poll_ms = p::FIRST_POLL_MS;
                Next::Wait
            }
            Spawning::Refused(cause) => {
                self.release_and_fail(Failure::SpawnRefused { directory: self.directory(), cause })
            }
            Spawning::HeldBack(held) => {
                self.release_and_fail(Failure::CrashLoop { directory: self.directory(), held })
            }
        }
    }

    fn release_and_fail(&mut self, failure: Failure) -> Next {
        spawn_lock::release(self.ports, &self.plan.place.directory, self.plan.nonce);
        fail(failure)
    }

    fn check_child(&mut self, pid: i64) -> Next {
        let end = match self.ports.check() {
            Child::Running => return Next::Wait,
            Child::Ended(end) => end,
        };
        self.bury(pid, end);
        spawn_lock::release(self.ports, &self.plan.place.directory, self.plan.nonce);
        Next::Look
    }

    /// It gave way to a daemon; or it is a program that ends well without serving, and then once more is enough.
    fn bury(&mut self, pid: i64, end: ChildEnd) {
        self.role = if end.code == Some(0) && self.spawns < p::SPAWNS_MAX {
            Role::Newcomer
        } else {
            Role::Mourner { failure: Failure::DiedAtStart { directory: self.directory(), pid, end } }
        };
    }

    // --- waiting, and how it ends ------------------------------------------------------------------------------------

    fn wait(&mut self) -> Next {
        let left = self.left();
        if left <= 0.0 {
            return self.timed_out();
        }
        self.ports.sleep(self.poll_ms.min(left));
        self.poll_ms = next_poll_ms(self.poll_ms);
        Next::Look
    }

    fn timed_out(&mut self) -> Next {
        let now = self.ports.now().monotonic_ms;
        let (after_ms, directory) = (now - self.begun_ms, self.directory());
        match &self.role {
            Role::Mourner { failure } => return fail(failure.clone()),
            Role::Starter { pid, spawned_ms } => {
                return fail(Failure::TimedOut {
                    directory,
                    phase: Phase::Ready,
                    after_ms: now - spawned_ms,
                    pid: Some(*pid),
                })
            }
            _ => {}
        }
        let phase = match &self.trouble {
            Trouble::Unreachable(cause) => {
                let cause = cause.clone();
                let owner = self.owner();
                return fail(Failure::NotAnswering { directory, owner, after_ms, cause });
            }
            Trouble::HungUp => Phase::Answer,
            Trouble::None => Phase::Lock,
        };
        fail(Failure::TimedOut { directory, phase, after_ms, pid: None })
    }

    fn owner(&mut self) -> Option<Owner> {
        match self.ports.read_text(&layout::current_owner(&self.plan.place.directory)) {
            Found::There(text) => owner::parse(&text),
            _ => None,
        }
    }
}

/// What came before a look at the lock: an attempt to take it that was refused, or a wait.
#[derive(Clone, Copy)]
enum Came {
    Refused,
    Waited,
}
