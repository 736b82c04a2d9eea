//! A daemon hears of its caller from time to time, also where there is nothing to say.

use super::chunks::push_chunk;
use crate::protocol as p;
use crate::system::time::monotonic_ms;

pub struct Heartbeat {
    next_ms: f64,
}

impl Heartbeat {
    pub fn begin() -> Heartbeat {
        Heartbeat { next_ms: monotonic_ms() + p::HEARTBEAT_MS }
    }

    /// How long until the next one is due, in milliseconds.
    pub fn left_ms(&self) -> f64 {
        (self.next_ms - monotonic_ms()).max(0.0)
    }

    /// What waits to be sent is as good as a heartbeat.
    pub fn beat(&mut self, outbox: &mut Vec<u8>) {
        if self.left_ms() > 0.0 {
            return;
        }
        *self = Heartbeat::begin();
        if outbox.is_empty() {
            push_chunk(outbox, p::CHUNK_HEARTBEAT, &[]);
        }
    }
}
