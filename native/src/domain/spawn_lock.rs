//! The spawn lock: single flight among callers. A directory with one file in it that bears the holder's nonce; see
//! `src/domain/lock/spawn-lock.ts` for why each act on it is exact.

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
    Held,
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

/// Everything that a holder's side needs to know of its own lock.
pub struct Plan<'a> {
    pub directory: &'a str,
    pub nonce: &'a str,
    pub ready_ms: f64,
}

/// What a change that is not `Done` says of its cause.
pub fn cause_of(change: &Change) -> Cause {
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

pub fn child_text(child: &Identity) -> String {
    format!("{{{}}}\n", child.members())
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

pub fn take(ports: &mut impl Ports, plan: &Plan) -> Outcome {
    let own = layout::private_lock(plan.directory, plan.nonce);
    match ports.make_directory(&own) {
        Change::Done => {}
        // An earlier attempt of this very process left it, with a file of the same name.
        Change::Occupied => {
            ports.remove_tree(&own);
            return Outcome::Contended;
        }
        other => return error(&other, &own, true),
    }
    let holder = ports.identity();
    let text = record_text(plan, &holder, ports.now().wall_ms);
    let written = ports.create_file(&format!("{own}/{}", plan.nonce), &text);
    if written != Change::Done {
        ports.remove_tree(&own);
        return error(&written, &own, true);
    }
    let lock = layout::lock(plan.directory);
    let published = ports.rename(&own, &lock);
    if published == Change::Done {
        return Outcome::Held;
    }
    ports.remove_tree(&own);
    match published {
        // A plain file or a link at the name is as much in the way as another's record.
        Change::Occupied | Change::WrongType => Outcome::Contended,
        other => error(&other, &lock, false),
    }
}

fn error(change: &Change, path: &str, while_preparing: bool) -> Outcome {
    Outcome::Error(LockError { cause: cause_of(change), path: path.to_owned(), while_preparing })
}

pub fn look(ports: &mut impl Ports, directory: &str) -> Lock {
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

/// Takes the lock from the holder that was observed, and from no other.
pub fn take_over(ports: &mut impl Ports, plan: &Plan, observed: &Contended) -> Outcome {
    let lock = layout::lock(plan.directory);
    let evicted = layout::evicted_lock(plan.directory, plan.nonce);
    let removed = match observed {
        Contended::Record(record) => ports.remove_file(&layout::lock_record(plan.directory, &record.nonce)),
        Contended::Foreign { is_directory: false, .. } => ports.remove_file(&lock),
        Contended::Foreign { is_directory: true, .. } => ports.rename(&lock, &evicted),
    };
    match removed {
        Change::Done => {}
        // Another caller has taken it over, or its holder released it.
        Change::Absent | Change::WrongType => return Outcome::Contended,
        other => return error(&other, &lock, false),
    }
    if !discard(ports, plan, &evicted, &lock) {
        return Outcome::Contended;
    }
    take(ports, plan)
}

/// What was moved away: the foreign directory, or, if another caller was faster, the lock that it has taken since, which is
/// given back. False for that.
fn discard(ports: &mut impl Ports, plan: &Plan, evicted: &str, lock: &str) -> bool {
    let names = match ports.list(evicted) {
        Found::Absent => return true,
        Found::There(names) => names,
        _ => Vec::new(),
    };
    if let [name] = names.as_slice() {
        if layout::is_nonce(name) && holds_record(ports, evicted, name) {
            ports.rename(evicted, lock);
            return false;
        }
    }
    ports.remove_tree(&layout::evicted_lock(plan.directory, plan.nonce));
    true
}

fn holds_record(ports: &mut impl Ports, evicted: &str, nonce: &str) -> bool {
    match ports.read_text(&format!("{evicted}/{nonce}")) {
        Found::There(text) => parse_record(nonce, &text).is_some(),
        _ => false,
    }
}

/// Removes one's own lock, and nobody else's; that it is gone already is fine.
pub fn release(ports: &mut impl Ports, directory: &str, nonce: &str) {
    // Only whoever removed its own record tidies up; the directory of another's lock is not empty, and rmdir(2) says so.
    if ports.remove_file(&layout::lock_record(directory, nonce)) == Change::Done {
        ports.remove_directory(&layout::lock(directory));
    }
}

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
