//! Gives a living daemon its name back after somebody removed `current`; see `src/domain/obtain/restore-current.ts`.

use super::claim::{find_last, read_current};
use super::identity::Vitality;
use super::layout;
use super::owner_witness::sight_owner;
use super::ports::{Change, Ports};

/// True if `current` names a generation now, and did not before.
pub fn restore_current(ports: &mut impl Ports, directory: &str) -> bool {
    if names_one(ports, directory) {
        return false;
    }
    let Ok(Some(last)) = find_last(ports, directory, None) else {
        return false;
    };
    let owner = layout::owner_in(&layout::generation(directory, last));
    if !matches!(sight_owner(ports, &owner), Some((_, Vitality::Alive))) {
        return false;
    }
    match ports.make_link(&last.to_string(), &layout::current(directory)) {
        Change::Done => true,
        // Another caller was faster; or something lies there that is not solod's.
        _ => names_one(ports, directory),
    }
}

fn names_one(ports: &mut impl Ports, directory: &str) -> bool {
    matches!(read_current(ports, directory), Ok(Some(_)))
}
