use crate::protocol as p;

/// How long a caller waits for what, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    pub total_ms: f64,
    /// How long one and the same contended lock is waited for before it is taken over.
    pub lock_fallback_ms: f64,
    /// How long a started daemon may take until it answers.
    pub ready_ms: f64,
}

impl Timing {
    /// A total budget of one's own stretches or shrinks the ready budget; the lock fallback shrinks but does not stretch.
    pub fn within(total_ms: f64) -> Timing {
        Timing {
            total_ms,
            lock_fallback_ms: p::LOCK_FALLBACK_MAX_MS.min(total_ms * p::LOCK_FALLBACK_SHARE),
            ready_ms: total_ms * p::READY_SHARE,
        }
    }
}

pub fn next_poll_ms(poll_ms: f64) -> f64 {
    (poll_ms * p::POLL_GROWTH).min(p::LAST_POLL_MS)
}
