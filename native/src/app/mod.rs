//! The command. Ordinary calls and kicks are answered here. Everything else, also help and mistakes, goes to Node's command with
//! the same arguments.

pub mod call;
pub mod delegate;
pub mod kick;
pub mod options;
pub mod progress;
pub mod say;
pub mod share;
pub mod target;

use options::Command;
use std::env;

/// Returns the exit code.
pub fn main() -> i32 {
    let argv: Vec<_> = env::args_os().skip(1).collect();
    if argv.first().map_or(false, |command| command == "share") {
        return share::run(&argv[1..]);
    }
    match options::read(&argv) {
        Some(asked) if asked.command == Command::Call => call::run(&asked),
        Some(asked) => kick::run(&asked),
        None => delegate::run(&argv),
    }
}
