//! `solod serve`: claims the name first. Only the process that gets it becomes Node, and the others cost a millisecond.

use super::delegate;
use super::node_part;
use super::options::Asked;
use super::say::{complain, say, Errors};
use super::target;
use crate::domain::failure::fill;
use crate::protocol as p;
use crate::system::candidate::{claim_name, Claiming};
use std::env;
use std::ffi::OsString;

/// Of a service manager, or of a starter: what they hand over is Node's to take.
const HANDED: [&str; 3] = ["LISTEN_FDS", "NOTIFY_SOCKET", p::LOCK_VARIABLE];

/// Returns the exit code.
pub fn run(argv: &[OsString], asked: &Asked) -> i32 {
    let is_handed = HANDED.iter().any(|name| env::var_os(name).is_some());
    let target = match Some(asked).filter(|_| !is_handed).and_then(target::resolve) {
        Some(target) => target,
        None => return delegate::run(argv),
    };
    let claim = match target::claim_for(&target) {
        Some(claim) => claim,
        None => return delegate::run(argv),
    };
    // Before the claim: what can't be run must not have the name.
    if let Err(why) = node_part::command(None) {
        return complain(Errors::Stderr, &why, p::CODE_NOT_EXECUTED, p::EXIT_OS_ERROR);
    }
    match claim_name(&claim, None, None) {
        Claiming::Claimed { variable } => {
            env::set_var(p::CLAIMED_VARIABLE, variable);
            delegate::run(argv)
        }
        Claiming::GaveWay { generation } => {
            let directory = &claim.place.directory;
            let generation = generation.to_string();
            let words =
                [("label", claim.label.as_str()), ("generation", &generation), ("directory", directory)];
            say(&fill(p::TEXT_SERVED_BY, &words));
            p::EXIT_OK
        }
        Claiming::Unsettled => delegate::run(argv),
    }
}
