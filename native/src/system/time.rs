use crate::domain::ports::Instant;
use std::time::{Instant as Monotonic, SystemTime, UNIX_EPOCH};

/// Milliseconds since an origin of this process' own.
pub fn monotonic_ms() -> f64 {
    thread_local! {
        static ORIGIN: Monotonic = Monotonic::now();
    }
    ORIGIN.with(|origin| origin.elapsed().as_secs_f64() * 1_000.0)
}

/// Whole milliseconds since 1970, as JavaScript's Date.now().
pub fn wall_ms() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_millis() as f64)
}

pub fn now() -> Instant {
    Instant { monotonic_ms: monotonic_ms(), wall_ms: wall_ms() }
}
