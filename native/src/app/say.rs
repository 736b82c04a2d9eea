use crate::domain::failure::code_suffix;
use crate::domain::one_line::{diagnostic_line, printable, Colour};
use crate::protocol as p;
use crate::system::streams::{write_all, STDERR, STDOUT};
use std::env;

/// Where a failure of solod itself is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errors {
    Stderr,
    /// One short line on stdout, for tools that show status lines: they ignore a program that fails.
    Line,
}

/// Writes a line to stderr. A closed stderr is ignored: the exit code still tells.
pub fn say(sentence: &str) {
    let _ = write_all(STDERR, format!("{}{}\n", p::SPEAKER, printable(sentence)).as_bytes());
}

/// Reports a failure with its code. Returns the given exit code, or 0 if the line on stdout tells.
pub fn complain(errors: Errors, sentence: &str, code: &str, exit_code: i32) -> i32 {
    let suffix = code_suffix(code);
    if errors == Errors::Line {
        let line = diagnostic_line(&format!("{}{sentence}", p::SPEAKER), colour_wanted(), &suffix);
        if write_all(STDOUT, format!("{line}\n").as_bytes()).is_ok() {
            return p::EXIT_OK;
        }
    }
    say(&format!("{sentence}{suffix}"));
    exit_code
}

/// `NO_COLOR`, set and not empty, means no colour (https://no-color.org).
fn colour_wanted() -> Colour {
    match env::var_os("NO_COLOR") {
        Some(value) if !value.is_empty() => Colour::Plain,
        _ => Colour::Coloured,
    }
}
