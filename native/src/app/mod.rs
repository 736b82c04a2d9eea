//! The command. Ordinary calls and kicks are answered here. Everything else, also help and mistakes, goes to Node's command with
//! the same arguments.

pub mod call;
pub mod delegate;
pub mod kick;
pub mod node_part;
pub mod options;
pub mod progress;
pub mod say;
pub mod serve;
pub mod share;
pub mod target;

use crate::protocol as p;
use crate::system::streams::{write_all, STDOUT};
use options::Command;
use std::env;

/// Returns the exit code.
pub fn main() -> i32 {
    if env::var_os(node_part::HANDED_OVER).is_some() {
        return say::complain(
            say::Errors::Stderr,
            &node_part::loop_text(),
            p::CODE_NOT_EXECUTED,
            p::EXIT_OS_ERROR,
        );
    }
    let argv = node_part::own_arguments();
    if argv.first().map_or(false, |command| command == "share") {
        return share::run(&argv[1..]);
    }
    if argv.len() == 1 && (argv[0] == "--version" || argv[0] == "-V") {
        return match write_all(STDOUT, format!("{}\n", p::VERSION).as_bytes()) {
            Ok(()) => p::EXIT_OK,
            Err(cause) => call::broken(say::Errors::Stderr, "stdout", &cause),
        };
    }
    if argv.first().map_or(false, |command| command == p::KICK_REPORT) {
        return kick::report(&argv[1..]);
    }
    match options::read(&argv) {
        Some(asked) if asked.command == Command::Call => call::run(&asked),
        Some(asked) if asked.command == Command::Serve => serve::run(&argv, &asked),
        Some(asked) => kick::run(&asked),
        None => delegate::run(&argv),
    }
}
