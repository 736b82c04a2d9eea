//! Gives a living daemon its name back after somebody removed `current`; see `src/domain/obtain/restore-current.ts`.

use super::claim::find_last;
use super::identity::Vitality;
use super::layout;
use super::owner_witness::sight_owner;
use super::ports::Ports;

pub fn restore_current(ports: &mut impl Ports, directory: &str) {
    let last = match find_last(ports, directory, None) {
        Ok(Some(last)) => last,
        _ => return,
    };
    let owner = layout::owner_in(&layout::generation(directory, last));
    if matches!(sight_owner(ports, &owner), Some((_, Vitality::Alive))) {
        ports.make_link(&last.to_string(), &layout::current(directory));
    }
}
