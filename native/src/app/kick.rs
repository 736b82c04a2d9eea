use super::delegate;
use super::options::Asked;
use super::say::say;
use super::target::{self, Target};
use crate::domain::failure::{exit_code, Failure};
use crate::domain::kick::{kick, line, Kicked, Plan};
use crate::domain::layout::nonce_of;
use crate::domain::timing::Timing;
use crate::protocol as p;
use crate::system::host::{random_text, Host};
use crate::system::socket::Socket;

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
    let nonce = nonce_of(std::process::id(), &random_text());
    let ready_ms = Timing::within(p::TOTAL_MS).ready_ms;
    let plan = Plan { place: &target.place, user_id: target.user_id, nonce: &nonce, ready_ms };
    // A kick sends no request.
    let request = |_| Vec::new();
    let find_launch = || target::launch_for(asked, target);
    kick(
        &mut Host::new(&target.place.directory, &request, &find_launch, false, delegate::limits(asked)),
        &plan,
    )
}
