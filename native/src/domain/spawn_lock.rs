//! The spawn lock: single flight among callers. A directory with one file in it that bears the holder's nonce; see
//! `src/domain/lock/spawn-lock.ts` for why each act on it is exact.

use super::held_lock::{held_lock, HeldLock};
use super::identity::{Identity, Vitality};
use super::json::{self, quoted};
use super::layout;
use super::ports::{Cause, Change, EntryType, Found, Instant, Ports};
use crate::protocol as p;

#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub nonce: String,
    pub holder: Identity,
    pub wall_ms: f64,
    pub ready_ms: f64,
    /// The process that the holder started, once it has.
    pub child: Option<Identity>,
}

/// What an observer found at the lock's name.
#[derive(Clone, Debug, PartialEq)]
pub enum Lock {
    Free,
    Held(Contended),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Contended {
    Record(Record),
    /// Something that no solod put there, or that can't be read.
    Foreign {
        is_directory: bool,
        modified_ms: f64,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Held(HeldLock),
    Contended,
    Error(LockError),
}

/// Not contention: the file system said something else.
#[derive(Clone, Debug, PartialEq)]
pub struct LockError {
    pub cause: Cause,
    pub path: String,
    /// In the caller's own private directory, where a daemon would fail the same way; else at the lock itself.
    pub while_preparing: bool,
}

/// Everything that a caller needs to take its own lock.
pub struct Plan<'a> {
    pub directory: &'a str,
    pub nonce: &'a str,
    pub ready_ms: f64,
}

/// What a change that is not `Done` says of its cause.
pub fn cause_in(change: &Change) -> Cause {
    match change {
        Change::Failed(cause) => cause.clone(),
        Change::Absent => Cause::new("ENOENT", "no such file or directory"),
        Change::Occupied => Cause::new("EEXIST", "something is there already"),
        Change::WrongType | Change::Done => Cause::new("ENOTDIR", "what is there is of another type"),
    }
}

fn record_text(plan: &Plan, holder: &Identity, wall_ms: f64) -> String {
    let nonce = quoted(plan.nonce);
    format!("{{{},\"nonce\":{nonce},\"wallMs\":{wall_ms},\"readyMs\":{}}}\n", holder.members(), plan.ready_ms)
}

/// None where the text is none of ours.
pub fn parse_record(nonce: &str, text: &str) -> Option<Record> {
    let mut lines = text.split('\n');
    let value = json::parse(lines.next()?)?;
    if value.text("nonce") != Some(nonce) {
        return None;
    }
    Some(Record {
        nonce: nonce.to_owned(),
        holder: Identity::from_json(&value)?,
        wall_ms: value.number("wallMs")?,
        ready_ms: value.number("readyMs")?,
        child: lines.next().and_then(json::parse).and_then(|child| Identity::from_json(&child)),
    })
}

// --- taking ---------------------------------------------------------------------------------------------------------

pub fn take_lock(ports: &mut impl Ports, plan: &Plan) -> Outcome {
    let own = layout::private_lock(plan.directory, plan.nonce);
    match ports.make_directory(&own) {
        Change::Done => {}
        // An earlier attempt of this very process left it, with a file of the same name.
        Change::Occupied => return without(ports, &own, Outcome::Contended),
        other => return lock_error(&other, &own, true),
    }
    let written = write_record(ports, plan);
    if written != Change::Done {
        return without(ports, &own, lock_error(&written, &own, true));
    }
    let lock = layout::lock(plan.directory);
    match ports.rename(&own, &lock) {
        Change::Done => Outcome::Held(held_lock(plan.directory, plan.nonce)),
        // A plain file or a link at the name is as much in the way as another's record.
        Change::Occupied | Change::WrongType => without(ports, &own, Outcome::Contended),
        other => without(ports, &own, lock_error(&other, &lock, false)),
    }
}

fn write_record(ports: &mut impl Ports, plan: &Plan) -> Change {
    let holder = ports.identity();
    let text = record_text(plan, &holder, ports.now().wall_ms);
    ports.create_file(&layout::private_lock_record(plan.directory, plan.nonce), &text)
}

fn without(ports: &mut impl Ports, own: &str, outcome: Outcome) -> Outcome {
    ports.remove_tree(own);
    outcome
}

fn lock_error(change: &Change, path: &str, while_preparing: bool) -> Outcome {
    Outcome::Error(LockError { cause: cause_in(change), path: path.to_owned(), while_preparing })
}

// --- looking --------------------------------------------------------------------------------------------------------

pub fn look_at_lock(ports: &mut impl Ports, directory: &str) -> Lock {
    let lock = layout::lock(directory);
    let foreign = |is_directory, modified_ms| Lock::Held(Contended::Foreign { is_directory, modified_ms });
    let modified_ms = match ports.inspect(&lock) {
        Found::Absent => return Lock::Free,
        Found::There(entry) if entry.kind == EntryType::Directory => entry.modified_ms,
        Found::There(entry) => return foreign(false, entry.modified_ms),
        _ => return foreign(false, 0.0),
    };
    let names = match ports.list(&lock) {
        Found::Absent => return Lock::Free,
        Found::There(names) => names,
        _ => return foreign(true, modified_ms),
    };
    let nonce = match names.as_slice() {
        [] => return Lock::Free,
        [name] if layout::is_nonce(name) => name,
        _ => return foreign(true, modified_ms),
    };
    match ports.read_text(&layout::lock_record(directory, nonce)) {
        // Released or taken over since it was listed: free, or soon to be seen as another's.
        Found::Absent => Lock::Free,
        Found::There(text) => parse_record(nonce, &text)
            .map_or_else(|| foreign(true, modified_ms), |record| Lock::Held(Contended::Record(record))),
        _ => foreign(true, modified_ms),
    }
}

// --- taking over ----------------------------------------------------------------------------------------------------

/// Takes the lock from the holder that was observed, and from no other.
pub fn take_over(ports: &mut impl Ports, plan: &Plan, observed: &Contended) -> Outcome {
    match evict(ports, plan, observed) {
        Change::Done => {}
        // Another caller has taken it over, or its holder released it.
        Change::Absent | Change::WrongType => return Outcome::Contended,
        other => return lock_error(&other, &layout::lock(plan.directory), false),
    }
    match discard_evicted(ports, plan) {
        Discarded::Discarded => take_lock(ports, plan),
        Discarded::GivenBack => Outcome::Contended,
    }
}

fn evict(ports: &mut impl Ports, plan: &Plan, observed: &Contended) -> Change {
    let lock = layout::lock(plan.directory);
    match observed {
        Contended::Record(record) => ports.remove_file(&layout::lock_record(plan.directory, &record.nonce)),
        Contended::Foreign { is_directory: false, .. } => ports.remove_file(&lock),
        Contended::Foreign { is_directory: true, .. } => {
            ports.rename(&lock, &layout::evicted_lock(plan.directory, plan.nonce))
        }
    }
}

enum Discarded {
    Discarded,
    GivenBack,
}

/// What was moved away: the foreign directory, or, if another caller was faster, the lock that it has taken since.
fn discard_evicted(ports: &mut impl Ports, plan: &Plan) -> Discarded {
    let evicted = layout::evicted_lock(plan.directory, plan.nonce);
    let names = match ports.list(&evicted) {
        Found::Absent => return Discarded::Discarded,
        Found::There(names) => names,
        _ => Vec::new(),
    };
    if let [name] = names.as_slice() {
        if layout::is_nonce(name) && holds_record(ports, plan, name) {
            ports.rename(&evicted, &layout::lock(plan.directory));
            return Discarded::GivenBack;
        }
    }
    ports.remove_tree(&evicted);
    Discarded::Discarded
}

fn holds_record(ports: &mut impl Ports, plan: &Plan, nonce: &str) -> bool {
    match ports.read_text(&layout::evicted_lock_record(plan.directory, plan.nonce, nonce)) {
        Found::There(text) => parse_record(nonce, &text).is_some(),
        _ => false,
    }
}

// --- judging --------------------------------------------------------------------------------------------------------

impl Contended {
    pub fn age_ms(&self, wall_ms: f64) -> f64 {
        wall_ms
            - match self {
                Contended::Record(record) => record.wall_ms,
                Contended::Foreign { modified_ms, .. } => *modified_ms,
            }
    }

    /// Too old to stand for a start under way, or from a clock that has jumped.
    pub fn is_stale(&self, now: Instant) -> bool {
        !(-p::FUTURE_MS..p::STALE_MS).contains(&self.age_ms(now.wall_ms))
    }

    /// Whether the start that it stands for is to be left alone.
    pub fn is_under_way(&self, vitality: Vitality, now: Instant) -> bool {
        match self {
            Contended::Record(record) => {
                vitality == Vitality::Alive && self.age_ms(now.wall_ms) < record.ready_ms
            }
            Contended::Foreign { .. } => false,
        }
    }

    /// What tells one contended lock from the next, so that a wait can be counted from its beginning.
    pub fn key(&self) -> String {
        match self {
            Contended::Record(record) => record.nonce.clone(),
            Contended::Foreign { modified_ms, .. } => format!("foreign {modified_ms}"),
        }
    }
}
