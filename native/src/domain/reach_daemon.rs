//! What a caller asks of the daemon that `current` names, by a deadline of the monotonic clock.

use super::layout;
use super::owner::Owner;
use super::owner_witness::owner_at;
use super::ports::{Connecting, Greeting, Ports};

/// The monotonic clock, in milliseconds.
pub fn now_ms(ports: &mut impl Ports) -> f64 {
    ports.now().monotonic_ms
}

pub fn left_ms(ports: &mut impl Ports, until_ms: f64) -> f64 {
    (until_ms - now_ms(ports)).max(0.0)
}

/// connect(2) to a local socket takes no time on Linux: it is taken or refused at once.
pub fn connect(ports: &mut impl Ports, directory: &str) -> Connecting {
    ports.connect(&layout::current_socket(directory))
}

/// None for a caller that was held up until its time was over: it asks for nothing, for it would not hear the answer.
pub fn greet(ports: &mut impl Ports, until_ms: f64) -> Option<Greeting> {
    let within_ms = left_ms(ports, until_ms);
    if within_ms > 0.0 {
        Some(ports.greet(within_ms))
    } else {
        None
    }
}

/// Who owns the name; None where that can't be read.
pub fn read_owner(ports: &mut impl Ports, directory: &str) -> Option<Owner> {
    owner_at(ports, &layout::current_owner(directory))
}
