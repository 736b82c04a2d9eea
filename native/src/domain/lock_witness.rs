//! What the process table says of the processes that a spawn lock names.

use super::identity::Vitality;
use super::owner_witness::sight_process;
use super::ports::Ports;
use super::spawn_lock::Contended;
use super::timing::Timing;
use crate::protocol as p;

/// Whether the start that a lock stands for still has a living process. Where there is a child, it is the child that counts; the
/// holder does while it has started nothing, or where nothing can be told of the child.
pub fn sight_lock(ports: &mut impl Ports, observed: &Contended) -> Vitality {
    let record = match observed {
        Contended::Record(record) => record,
        Contended::Foreign { .. } => return Vitality::Unknown,
    };
    if let Some(child) = &record.child {
        let vitality = sight_process(ports, child);
        if vitality != Vitality::Unknown {
            return vitality;
        }
    }
    sight_process(ports, &record.holder)
}

pub enum LockVerdict {
    /// Too old to stand for anything.
    Stale,
    LeaveAlone,
    /// It is time, and nothing says that its start is under way.
    Overdue {
        age_ms: f64,
    },
}

/// When a lock that is not stale may be taken over: at an age, or when it has been waited for since then for long enough.
pub enum LockPatience<'a> {
    Age,
    Wait { since_ms: f64, timing: &'a Timing },
}

/// Whether another's lock may be taken over now.
pub fn judge_lock(ports: &mut impl Ports, lock: &Contended, patience: LockPatience) -> LockVerdict {
    match judge_age(ports, lock, patience) {
        LockAge::Stale => return LockVerdict::Stale,
        LockAge::Early => return LockVerdict::LeaveAlone,
        LockAge::Due => {}
    }
    let vitality = sight_lock(ports, lock);
    let at = ports.now();
    if lock.is_under_way(vitality, at) {
        return LockVerdict::LeaveAlone;
    }
    LockVerdict::Overdue { age_ms: lock.age_ms(at.wall_ms) }
}

enum LockAge {
    Stale,
    Early,
    Due,
}

fn judge_age(ports: &mut impl Ports, lock: &Contended, patience: LockPatience) -> LockAge {
    let at = ports.now();
    if lock.is_stale(at) {
        return LockAge::Stale;
    }
    let is_early = match patience {
        LockPatience::Age => lock.age_ms(at.wall_ms) < p::OVERRIDE_MS,
        LockPatience::Wait { since_ms, timing } => at.monotonic_ms - since_ms < timing.lock_fallback_ms,
    };
    match is_early {
        true => LockAge::Early,
        false => LockAge::Due,
    }
}
