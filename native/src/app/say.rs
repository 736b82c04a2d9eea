use crate::domain::diagnostic::{diagnostic_line, printable, Colour};
use crate::protocol as p;
use crate::system::streams::{write_all, STDERR, STDOUT};
use std::env;

/// Where a failure of solod itself is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errors {
    Stderr,
    /// One short line on stdout, for whoever shows status lines: of a program that fails it shows nothing.
    Line,
}

/// A line on stderr; one that is closed is no reason to fail: the exit code tells.
pub fn say(sentence: &str) {
    let _ = write_all(STDERR, format!("{}{}\n", p::SPEAKER, printable(sentence)).as_bytes());
}

/// Returns the exit code: the one that is given, unless the line tells.
pub fn complain(errors: Errors, sentence: &str, exit_code: i32) -> i32 {
    if errors == Errors::Line {
        let line = diagnostic_line(&format!("{}{sentence}", p::SPEAKER), colour_wanted());
        if write_all(STDOUT, format!("{line}\n").as_bytes()).is_ok() {
            return p::EXIT_OK;
        }
    }
    say(sentence);
    exit_code
}

/// `NO_COLOR`, set and not empty, says no (https://no-color.org).
fn colour_wanted() -> Colour {
    match env::var_os("NO_COLOR") {
        Some(value) if !value.is_empty() => Colour::Plain,
        _ => Colour::Coloured,
    }
}
