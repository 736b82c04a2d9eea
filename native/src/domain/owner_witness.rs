//! What the process table says of those who left their identity on disk.

use super::identity::{vitality_of, Identity, Vitality};
use super::owner::{self, Owner};
use super::ports::{Found, Ports};

/// Looks up whether the process that wrote its identity down still lives.
pub fn sight_process(ports: &mut impl Ports, who: &Identity) -> Vitality {
    let seen = ports.look_up(who.pid);
    vitality_of(who, &ports.identity(), &seen)
}

/// Reads an owner file and looks its process up; None for a file that no solod could have written, or none.
pub fn sight_owner(ports: &mut impl Ports, path: &str) -> Option<(Owner, Vitality)> {
    let text = match ports.read_text(path) {
        Found::There(text) => text,
        _ => return None,
    };
    let owner = owner::parse(&text)?;
    let vitality = sight_process(ports, &owner.identity);
    Some((owner, vitality))
}
