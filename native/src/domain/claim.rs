//! The claim: exactly one of all candidates comes to serve a name; see `src/domain/claim/claim.ts`, which this follows step for step.

use super::connect_verdict::{judge_connect, Verdict};
use super::held_lock::{release_lock, HeldLock};
use super::identity::Vitality;
use super::layout::{self, Place};
use super::owner_witness::{owner_at, sight_owner, sight_process};
use super::ports::{Change, Found, Ports};
use super::state_directory::prepare_directory;
use super::sweep::{list_to_sweep, sweep_one, SweepPlan};
use crate::protocol as p;

pub struct ClaimPlan<'a> {
    pub place: &'a Place,
    pub user_id: u32,
    /// Begins with the own process id, and is nobody else's.
    pub nonce: &'a str,
    /// The spawn lock under which this process was started: it ends with the claim, unless Node claims instead.
    pub lock: Option<&'a HeldLock>,
    /// The text of `owner.json`.
    pub owner_text: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimOutcome {
    Claimed {
        generation: u32,
    },
    /// Another daemon serves the name.
    GaveWay {
        generation: u32,
    },
    /// Something failed, or is in doubt. Nothing is left behind that serves: Node claims anew, and says what is wrong.
    Unsettled,
}

struct Candidate<'a> {
    plan: &'a ClaimPlan<'a>,
    /// Which private directory: one that was withdrawn is not used again.
    attempt: u32,
    /// Whether the private directory exists. A candidate that gives way early never makes it.
    has_home: bool,
    rounds: u32,
}

/// What comes next.
enum Next {
    Prepare,
    Look,
    Publish {
        last: Option<u32>,
    },
    Recheck {
        generation: u32,
    },
    /// None where the private directory was removed from outside.
    Withdraw {
        generation: Option<u32>,
    },
    Repoint {
        generation: u32,
    },
    Settle {
        generation: u32,
    },
    Leave(ClaimOutcome),
}

const FAIL: Next = Next::Leave(ClaimOutcome::Unsettled);

pub fn claim(ports: &mut impl Ports, plan: &ClaimPlan) -> ClaimOutcome {
    let mut me = Candidate { plan, attempt: 0, has_home: false, rounds: 0 };
    let mut next = Next::Prepare;
    loop {
        next = match next {
            Next::Prepare => match prepare_directory(ports, plan.place, plan.user_id) {
                Ok(()) => Next::Look,
                // Nothing in a directory that is not trusted is touched.
                Err(_) => return ClaimOutcome::Unsettled,
            },
            Next::Look => me.look(ports),
            Next::Publish { last } => me.publish(ports, last),
            Next::Recheck { generation } => me.recheck(ports, generation),
            Next::Withdraw { generation } => me.withdraw(ports, generation),
            Next::Repoint { generation } => me.repoint(ports, generation),
            Next::Settle { generation } => return me.settle(ports, generation),
            Next::Leave(outcome) => return me.leave(ports, outcome),
        }
    }
}

/// Which generation `current` names; None where it names none. Err: that can't be read.
fn read_current(ports: &mut impl Ports, directory: &str) -> Result<Option<u32>, ()> {
    match ports.read_link(&layout::current(directory)) {
        Found::There(target) => Ok(layout::generation_of(&target)),
        Found::Absent | Found::WrongType => Ok(None),
        Found::Failed(_) => Err(()),
    }
}

/// The last of the generations without a gap, from `seen` on, or from the highest that is there.
pub(super) fn find_last(
    ports: &mut impl Ports,
    directory: &str,
    seen: Option<u32>,
) -> Result<Option<u32>, ()> {
    let mut last = match seen {
        Some(seen) => Some(seen),
        None => match ports.list(directory) {
            Found::There(names) => names.iter().filter_map(|name| layout::generation_of(name)).max(),
            _ => return Err(()),
        },
    };
    loop {
        let next = layout::generation_after(last);
        if next > p::GENERATION_MAX {
            return Err(());
        }
        match ports.inspect(&layout::generation(directory, next)) {
            Found::Absent => return Ok(last),
            Found::There(_) => last = Some(next),
            _ => return Err(()),
        }
    }
}

impl Candidate<'_> {
    fn directory(&self) -> &str {
        &self.plan.place.directory
    }

    fn nonce(&self) -> String {
        layout::attempt_nonce(self.plan.nonce, self.attempt)
    }

    // Steps 1 to 3: does somebody serve?

    fn look(&mut self, ports: &mut impl Ports) -> Next {
        if self.rounds >= p::ROUNDS_MAX {
            return FAIL;
        }
        self.rounds += 1;
        let seen = match read_current(ports, self.directory()) {
            Ok(seen) => seen,
            Err(()) => return FAIL,
        };
        match find_last(ports, self.directory(), seen) {
            Ok(None) => Next::Publish { last: None },
            Ok(Some(last)) => self.judge(ports, seen, last),
            Err(()) => FAIL,
        }
    }

    /// Step 3.
    fn judge(&self, ports: &mut impl Ports, seen: Option<u32>, last: u32) -> Next {
        let socket = layout::generation_socket(self.directory(), last);
        if self.is_living_program(ports, last) && !matches!(ports.inspect(&socket), Found::Absent) {
            return self.give_way(ports, seen, last);
        }
        let reading = ports.connect(&socket);
        match judge_connect(&reading) {
            Verdict::Dead => Next::Publish { last: Some(last) },
            Verdict::Alive if self.is_ending(ports, last) => FAIL,
            Verdict::Alive => self.give_way(ports, seen, last),
            // What is ambiguous counts as alive, and Node says so.
            Verdict::Unknown(_) => FAIL,
            Verdict::Absent => self.confirm_absent(ports, seen, last),
        }
    }

    /// A look at its socket would be a client to it, so its process is looked at instead.
    fn is_living_program(&self, ports: &mut impl Ports, last: u32) -> bool {
        let owner = layout::owner_in(&layout::generation(self.directory(), last));
        owner_at(ports, &owner).map_or(false, |owner| {
            owner.is_program && sight_process(ports, &owner.identity) == Vitality::Alive
        })
    }

    /// A process with several threads is a zombie before the last of them lets go of the listener. Node starts later than that.
    fn is_ending(&self, ports: &mut impl Ports, last: u32) -> bool {
        let owner = layout::owner_in(&layout::generation(self.directory(), last));
        matches!(sight_owner(ports, &owner), Some((_, Vitality::Dead)))
    }

    /// Unless `current` has moved: then what answered has been replaced, or is a candidate that withdraws.
    fn give_way(&self, ports: &mut impl Ports, seen: Option<u32>, last: u32) -> Next {
        match read_current(ports, self.directory()) {
            Ok(current) if current == seen => Next::Leave(ClaimOutcome::GaveWay { generation: last }),
            Ok(_) => Next::Look,
            Err(()) => FAIL,
        }
    }

    fn confirm_absent(&self, ports: &mut impl Ports, seen: Option<u32>, last: u32) -> Next {
        match read_current(ports, self.directory()) {
            Err(()) => FAIL,
            // Another daemon has collected it meanwhile, and `current` names that daemon's higher generation by now.
            Ok(current) if current != seen => Next::Look,
            Ok(_) if Some(last) == seen => self.look_above(ports, seen, last),
            // A generation without a socket is dead. Without the generation: look where the others have gone.
            Ok(_) => match ports.inspect(&layout::generation(self.directory(), last)) {
                Found::Absent => Next::Look,
                _ => Next::Publish { last: Some(last) },
            },
        }
    }

    /// Nobody collects what `current` names. It was removed from outside: a pointer to nothing blocks nobody, and hides no daemon of
    /// a higher generation.
    fn look_above(&self, ports: &mut impl Ports, seen: Option<u32>, last: u32) -> Next {
        match find_last(ports, self.directory(), None) {
            Err(()) => FAIL,
            Ok(Some(highest)) if highest > last => self.judge(ports, seen, highest),
            Ok(_) => Next::Publish { last: Some(last) },
        }
    }

    // Steps 4 to 6: publish

    /// Step 5 is the one call that decides.
    fn publish(&mut self, ports: &mut impl Ports, last: Option<u32>) -> Next {
        let is_made = self.has_home || self.make_home(ports);
        self.has_home = true;
        if !is_made {
            return FAIL;
        }
        let generation = layout::generation_after(last);
        let private = layout::private(self.directory(), &self.nonce());
        match ports.rename(&private, &layout::generation(self.directory(), generation)) {
            Change::Done => Next::Recheck { generation },
            Change::Occupied | Change::WrongType => Next::Look,
            // The private directory, or the whole place, was removed from outside.
            Change::Absent => Next::Withdraw { generation: None },
            Change::Failed(_) => FAIL,
        }
    }

    /// Step 4: the owner is written down, and the socket listens, before either has a public name.
    fn make_home(&self, ports: &mut impl Ports) -> bool {
        let private = layout::private(self.directory(), &self.nonce());
        ports.make_directory(&private) == Change::Done
            && ports.create_file(&layout::owner_in(&private), self.plan.owner_text) == Change::Done
            && ports.listen(&layout::socket_in(&private)) == Change::Done
    }

    /// Step 6: was the slot one that had been collected already? Then a higher one is, or was, being served.
    fn recheck(&self, ports: &mut impl Ports, generation: u32) -> Next {
        match read_current(ports, self.directory()) {
            // Not knowing is not permission: the generation stays behind as a dead one.
            Err(()) => return FAIL,
            Ok(current) => match self.latest_of(ports, current) {
                Err(()) => return FAIL,
                // The own number: a caller did not find this candidate, and made `current` anew for it.
                Ok(Some(latest)) if latest > generation => {
                    return Next::Withdraw { generation: Some(generation) }
                }
                Ok(_) => {}
            },
        }
        let link = layout::private_link(self.directory(), &self.nonce());
        match ports.make_link(&generation.to_string(), &link) {
            Change::Done => Next::Repoint { generation },
            _ => FAIL,
        }
    }

    /// What `current` names. Where it is not there yet, or somebody has removed it, the directory tells.
    fn latest_of(&self, ports: &mut impl Ports, named: Option<u32>) -> Result<Option<u32>, ()> {
        match named {
            Some(_) => Ok(named),
            None => find_last(ports, self.directory(), None),
        }
    }

    fn withdraw(&mut self, ports: &mut impl Ports, generation: Option<u32>) -> Next {
        let trash = layout::trash(self.directory(), &self.nonce());
        if let Some(generation) = generation {
            ports.rename(&layout::generation(self.directory(), generation), &trash);
        }
        ports.close_listener();
        ports.remove_tree(&trash);
        self.attempt += 1;
        self.has_home = false;
        self.rounds += 1;
        Next::Prepare
    }

    // Steps 7 and 8: take the name

    /// Step 7: `current` names the own generation from here on.
    fn repoint(&self, ports: &mut impl Ports, generation: u32) -> Next {
        let current = layout::current(self.directory());
        match ports.rename(&layout::private_link(self.directory(), &self.nonce()), &current) {
            Change::Done => return Next::Settle { generation },
            Change::WrongType | Change::Occupied => {}
            _ => return FAIL,
        }
        // A directory by the name of `current`: not solod's, and in the way of every client.
        match ports.rename(&current, &layout::displaced_current(self.directory(), &self.nonce())) {
            Change::Done | Change::Absent => Next::Repoint { generation },
            _ => FAIL,
        }
    }

    /// Clients find the daemon now: the lock of its start ends. Step 8 follows.
    fn settle(&self, ports: &mut impl Ports, generation: u32) -> ClaimOutcome {
        if let Some(lock) = self.plan.lock {
            release_lock(ports, lock);
        }
        let (directory, nonce) = (self.directory().to_owned(), self.nonce());
        let plan = SweepPlan { directory, nonce, below: generation };
        for name in list_to_sweep(ports, &plan) {
            sweep_one(ports, &plan, &name);
        }
        ClaimOutcome::Claimed { generation }
    }

    /// Leaves no trace: neither the private directory, nor the lock under which this candidate was started.
    fn leave(&self, ports: &mut impl Ports, outcome: ClaimOutcome) -> ClaimOutcome {
        if self.has_home {
            ports.close_listener();
            ports.remove_tree(&layout::private(self.directory(), &self.nonce()));
            ports.remove_file(&layout::private_link(self.directory(), &self.nonce()));
        }
        // Node, which claims after one that is unsettled, ends the lock itself.
        if let Some(lock) = self.plan.lock.filter(|_| outcome != ClaimOutcome::Unsettled) {
            release_lock(ports, lock);
        }
        outcome
    }
}
