//! A process that claims a name before it becomes the daemon in Node.

use super::host::{environment, random_text, Host, Launch, Limits};
use super::libc::alarm;
use super::spawn::{self, Then};
use super::streams::write_all;
use super::time::now;
use crate::domain::claim::{self, ClaimOutcome, ClaimPlan};
use crate::domain::held_lock::{handed_lock, HeldLock};
use crate::domain::layout::{self, Place};
use crate::domain::owner::{owner_text, Served};
use crate::domain::ports::Ports;
use crate::domain::start_ledger;
use crate::protocol as p;
use std::ffi::CString;
use std::os::raw::{c_int, c_uint};

/// Node can hang before it runs anything, where the system allows it no thread. It must not hold the name for ever then. It takes
/// milliseconds otherwise, and seconds on the busiest machine.
const FIRST_STATEMENT_S: c_uint = 60;

/// A name, and what is served by it.
pub struct Claim {
    pub place: Place,
    pub user_id: u32,
    /// The name, or the name with its project.
    pub label: String,
    pub service: String,
    pub version: String,
}

/// In the started process: only the one that wins the name goes on to run Node, and hands it the listener.
pub fn claim_first(launch: &Launch, lock_nonce: Option<&str>, channel: Option<c_int>) -> Then {
    let as_before = || Then::Run(environment(launch, lock_nonce, channel));
    let lock = |claim: &Claim| lock_nonce.and_then(|nonce| handed_lock(&claim.place.directory, nonce));
    let claim = match &launch.claim {
        Some(claim) => claim,
        None => return as_before(),
    };
    match claim_name(claim, lock(claim).as_ref(), channel) {
        Claiming::Claimed { variable } => {
            let mut variables = environment(launch, None, channel);
            variables.extend(CString::new(format!("{}={variable}", p::CLAIMED_VARIABLE)));
            let directory = &claim.place.directory;
            variables.extend(CString::new(format!("{}={directory}", p::CLAIMED_IN_VARIABLE)));
            // alarm(2) goes on through execve(2). Node makes SIGALRM harmless in its first statement.
            unsafe { alarm(FIRST_STATEMENT_S) };
            Then::Run(variables)
        }
        Claiming::GaveWay { .. } => Then::Exit(p::EXIT_OK),
        Claiming::Unsettled => as_before(),
    }
}

pub enum Claiming {
    /// The listener is `LISTENER`, and Node is told so by a variable of this value.
    Claimed {
        variable: String,
    },
    GaveWay {
        generation: u32,
    },
    Unsettled,
}

/// Claims a name for the daemon that this process is about to become, and says so.
pub fn claim_name(claim: &Claim, lock: Option<&HeldLock>, channel: Option<c_int>) -> Claiming {
    let directory = &claim.place.directory;
    let mut host = Host::new(directory, &|_| Vec::new(), &|| None, channel.is_some(), Limits::Ignored);
    let identity = host.identity();
    let served = Served {
        name: &claim.label,
        service: &claim.service,
        version: &claim.version,
        started_ms: now().wall_ms,
    };
    let plan = ClaimPlan {
        place: &claim.place,
        user_id: claim.user_id,
        nonce: &layout::nonce_of(std::process::id(), &random_text()),
        lock,
        owner_text: &owner_text(&identity, &served),
    };
    let outcome = claim::claim(&mut host, &plan);
    let listener = host.take_listener();
    let say = |kind: &str, generation: u32| {
        host.note(&start_ledger::word_text(now().wall_ms, identity.pid, kind, generation));
        if let Some(channel) = channel {
            let line = format!("{}\n", start_ledger::said_text(kind, generation));
            let _ = write_all(channel, line.as_bytes());
        }
    };
    match outcome {
        ClaimOutcome::Claimed { generation } => {
            // Before the word, by which others may look for the daemon: without its listener this process is not one.
            if !listener.map_or(false, |listener| listener.hand_over(spawn::LISTENER)) {
                return Claiming::Unsettled;
            }
            say(p::ENTRY_CLAIMED, generation);
            Claiming::Claimed { variable: format!("{}:{generation}:{}", identity.pid, spawn::LISTENER) }
        }
        ClaimOutcome::GaveWay { generation } => {
            say(p::ENTRY_GAVE_WAY, generation);
            Claiming::GaveWay { generation }
        }
        ClaimOutcome::Unsettled => Claiming::Unsettled,
    }
}
