//! A line on the terminal while a daemon starts and takes its time, as in `src/app/entry/progress-line.ts`.

use crate::app::delegate::is_continuous_integration;
use crate::domain::failure::fill;
use crate::domain::one_line::printable;
use crate::protocol as p;
use crate::system::streams::{is_terminal, write_all, STDERR};
use std::env;
use std::sync::mpsc::{channel, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Shows the line if the wait is long, until it is dropped.
pub struct Wait {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Wait {
    /// None if stderr is not a terminal that can erase, or without a thread to spare: then nothing is shown.
    pub fn begin(service: &str) -> Option<Self> {
        let is_dumb = env::var_os("TERM").map_or(false, |term| term == "dumb");
        if !is_terminal(STDERR) || is_dumb || is_continuous_integration() {
            return None;
        }
        let text = format!("{}{}", p::SPEAKER, fill(p::TEXT_PROGRESS, &[("service", &printable(service))]));
        let (end, ended) = channel::<()>();
        let thread = thread::Builder::new().spawn(move || {
            let after = Duration::from_millis(p::PROGRESS_AFTER_MS as u64);
            if ended.recv_timeout(after) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let _ = write_all(STDERR, text.as_bytes());
            let _ = ended.recv();
            let _ = write_all(STDERR, p::PROGRESS_ERASE.as_bytes());
        });
        Some(Self { end: Some(end), thread: Some(thread.ok()?) })
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        // The thread is told by the end of the channel.
        self.end.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
