//! What the process table says of those who left their identity on disk.

use super::identity::{vitality_of, Identity, Vitality};
use super::owner::{self, Owner};
use super::ports::{Found, Ports};
use super::spawn_lock::Contended;

/// The owner in a file, and whether its process lives; None for a file that no solod could have written, or none.
pub fn sight_owner(ports: &mut impl Ports, path: &str) -> Option<(Owner, Vitality)> {
    let text = match ports.read_text(path) {
        Found::There(text) => text,
        _ => return None,
    };
    let owner = owner::parse(&text)?;
    let vitality = sight(ports, &owner.identity);
    Some((owner, vitality))
}

/// Whether the start that a lock stands for still has a living process. Where there is a child, it is the child that counts; the
/// holder does while it has started nothing, or where nothing can be told of the child.
pub fn sight_lock(ports: &mut impl Ports, observed: &Contended) -> Vitality {
    let record = match observed {
        Contended::Record(record) => record,
        Contended::Foreign { .. } => return Vitality::Unknown,
    };
    match &record.child {
        None => sight(ports, &record.holder),
        Some(child) => match sight(ports, child) {
            Vitality::Unknown => sight(ports, &record.holder),
            known => known,
        },
    }
}

fn sight(ports: &mut impl Ports, who: &Identity) -> Vitality {
    let seen = ports.look_up(who.pid);
    vitality_of(who, &ports.identity(), &seen)
}
