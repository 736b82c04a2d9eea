use crate::protocol as p;
use crate::system::streams::{write_all, STDERR};

/// A line on stderr; one that is closed is no reason to fail: the exit code tells.
pub fn say(sentence: &str) {
    let _ = write_all(STDERR, format!("{}{sentence}\n", p::SPEAKER).as_bytes());
}
