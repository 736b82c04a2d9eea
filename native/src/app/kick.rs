use super::delegate;
use super::options::{self, Asked};
use super::say::say;
use super::target::{self, Target};
use crate::domain::failure::{exit_code, Failure};
use crate::domain::json::quoted;
use crate::domain::kick::{kick, line, Kicked, Plan, Warning};
use crate::domain::layout::nonce_of;
use crate::domain::spawn_lock::LockError;
use crate::domain::timing::Timing;
use crate::protocol as p;
use crate::system::host::{random_text, FindLaunch, Host};
use crate::system::socket::Socket;
use crate::system::streams::{write_all, STDOUT};
use std::ffi::OsString;

/// Returns the exit code.
pub fn run(asked: &Asked) -> i32 {
    let target = match Some(asked).filter(|asked| delegate::wants_daemon(asked)).and_then(target::resolve) {
        Some(target) => target,
        None => return delegate::run_asked(asked, None, &[]),
    };
    // Node says nothing of it either.
    if Socket::are_forbidden(&target.place.directory) {
        return p::EXIT_OK;
    }
    match kick_once(asked, &target) {
        Kicked::Failed(Failure::NoLaunch) => delegate::run_asked(asked, Some(&target), &[]),
        kicked => {
            tell(&kicked);
            match kicked {
                Kicked::Failed(failure) => exit_code(&failure),
                _ => p::EXIT_OK,
            }
        }
    }
}

/// A kick of the library in Node: the Node and the bundle that start a daemon, and the arguments of a kick. Prints what has
/// become of it; nothing where Node has to kick after all. It never becomes Node. Returns the exit code.
pub fn report(argv: &[OsString]) -> i32 {
    if let Some(text) = kick_for_library(argv).as_ref().and_then(outcome_text) {
        // A library that does not hear it kicks itself.
        let _ = write_all(STDOUT, text.as_bytes());
    }
    p::EXIT_OK
}

fn kick_for_library(argv: &[OsString]) -> Option<Kicked> {
    let [node, daemon] = [argv.first()?.to_str()?, argv.get(1)?.to_str()?];
    let words: Vec<OsString> = std::iter::once("kick".into()).chain(argv[2..].iter().cloned()).collect();
    let asked = options::read(&words).filter(|asked| !asked.has_daemon_options)?;
    let target = target::resolve(&asked)?;
    if Socket::are_forbidden(&target.place.directory) {
        return None;
    }
    Some(kick_by(&asked, &target, &|| target::launch_with(&target, node, daemon)))
}

/// None for what only Node can tell as the library does.
fn outcome_text(kicked: &Kicked) -> Option<String> {
    match kicked {
        Kicked::Contended => Some("{\"kind\":\"contended\"}".to_owned()),
        Kicked::Started { pid, reason, warning } => Some(format!(
            "{{\"kind\":\"started\",\"pid\":{pid},\"reason\":\"{reason}\"{}}}",
            warning.as_ref().map_or_else(String::new, warning_text)
        )),
        Kicked::Running | Kicked::NoDirectory | Kicked::Failed(_) => None,
    }
}

fn warning_text(warning: &Warning) -> String {
    match warning {
        Warning::OverrodeLock { age_ms } => {
            format!(",\"warning\":{{\"kind\":\"overrode-lock\",\"ageMs\":{age_ms}}}")
        }
        Warning::Lock(LockError { cause, path, .. }) => format!(
            ",\"warning\":{{\"kind\":\"lock-error\",\"path\":{},\"cause\":{{\"code\":{},\"message\":{}}}}}",
            quoted(path),
            quoted(&cause.code),
            quoted(&cause.message)
        ),
    }
}

/// Kicks on the way to something else: a failure is only reported.
pub fn kick_at(asked: &Asked, target: &Target) {
    if kick_here(asked, target) == Kick::LeftToNode {
        delegate::kick_first(asked, target);
    }
}

#[derive(Debug, PartialEq, Eq)]
pub enum Kick {
    Done,
    /// Only Node knows how to start a daemon there.
    LeftToNode,
}

/// Kicks, if that can be done without Node.
pub fn kick_here(asked: &Asked, target: &Target) -> Kick {
    match kick_once(asked, target) {
        Kicked::Failed(Failure::NoLaunch) => Kick::LeftToNode,
        kicked => {
            tell(&kicked);
            Kick::Done
        }
    }
}

fn tell(kicked: &Kicked) {
    if let Some(text) = line(kicked) {
        say(&text);
    }
}

fn kick_once(asked: &Asked, target: &Target) -> Kicked {
    kick_by(asked, target, &|| target::launch_for(asked, target))
}

fn kick_by(asked: &Asked, target: &Target, find_launch: &FindLaunch) -> Kicked {
    let nonce = nonce_of(std::process::id(), &random_text());
    let ready_ms = Timing::within(p::TOTAL_MS).ready_ms;
    let plan = Plan { place: &target.place, user_id: target.user_id, nonce: &nonce, ready_ms };
    // A kick sends no request.
    let request = |_| Vec::new();
    kick(
        &mut Host::new(&target.place.directory, &request, find_launch, false, delegate::limits(asked)),
        &plan,
    )
}
