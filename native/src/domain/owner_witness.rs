//! What the process table says of those who left their identity on disk.

use super::identity::{vitality_of, Identity, Vitality};
use super::owner::{self, Owner};
use super::ports::{Found, Ports};

/// Looks up whether the process that wrote its identity down still lives.
pub fn sight_process(ports: &mut impl Ports, who: &Identity) -> Vitality {
    let seen = ports.look_up(who.pid);
    vitality_of(who, &ports.identity(), &seen)
}

/// What an owner file says; None for a file that no solod could have written, or none.
pub fn owner_at(ports: &mut impl Ports, path: &str) -> Option<Owner> {
    match ports.read_text(path) {
        Found::There(text) => owner::parse(&text),
        _ => None,
    }
}

/// Reads an owner file and looks its process up; None for a file that no solod could have written, or none.
pub fn sight_owner(ports: &mut impl Ports, path: &str) -> Option<(Owner, Vitality)> {
    let owner = owner_at(ports, path)?;
    let vitality = sight_process(ports, &owner.identity);
    Some((owner, vitality))
}
