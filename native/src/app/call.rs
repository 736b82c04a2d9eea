use super::delegate;
use super::kick::{kick_at, kick_here, Kick};
use super::options::{Asked, Fallback};
use super::progress::Wait;
use super::say::{complain, Errors};
use super::target::{self, Target};
use crate::domain::edition::Effort;
use crate::domain::failure::{cause_text, code, exit_code, fill, sentence, Failure};
use crate::domain::layout::nonce_of;
use crate::domain::obtain::{obtain, Patience, Plan};
use crate::domain::ports::{Activity, Cause, Sighting};
use crate::domain::start_ledger::Word;
use crate::domain::timing::Timing;
use crate::protocol as p;
use crate::system::host::{random_text, Host};
use crate::system::libc::SIGPIPE;
use crate::system::socket::Socket;
use crate::system::streams::{is_terminal, window_size, STDERR, STDIN, STDOUT};
use crate::system::{process, time};
use crate::wire::conversation::{converse, End};
use crate::wire::request::{encode, Request, Terminal};
use std::env;
use std::os::raw::c_int;

/// Returns the exit code.
pub fn run(asked: &Asked) -> i32 {
    // A signal has its default action. The end of the process closes the connection, and that cancels the call.
    let more: &[&str] = if asked.fallback == Fallback::Inline { &["--fallback=inline"] } else { &[] };
    let target = match Some(asked).filter(|asked| delegate::wants_daemon(asked)).and_then(target::resolve) {
        Some(target) => target,
        None => return delegate::run_asked(asked, None, more),
    };
    let (patience, total_ms) = match asked.fallback {
        Fallback::Wait => (Patience::Wait, p::TOTAL_MS),
        _ => (Patience::Leave, p::FIRST_LOOK_MS),
    };
    let timing = Timing::within(asked.timeout_ms.unwrap_or(total_ms));
    let nonce = nonce_of(std::process::id(), &random_text());
    let plan = Plan { place: &target.place, user_id: target.user_id, nonce: &nonce, timing, patience };
    let begun_ms = time::monotonic_ms();
    let request = |has_started| {
        head(asked, &target, &Effort { waited_ms: time::monotonic_ms() - begun_ms, has_started })
    };
    let find_launch = || target::launch_for(asked, &target);
    let mut host = Host::new(&target.place.directory, &request, &find_launch, true, delegate::limits(asked));
    if !host.open() && Socket::are_forbidden(&target.place.directory) {
        return delegate::run_asked(asked, Some(&target), more);
    }
    let wait = Wait::begin(&asked.service);
    let obtained = obtain(&mut host, &plan);
    drop(wait);
    let failure = match obtained {
        Ok(()) => return talk(&mut host, asked.errors),
        Err(failure) => explained(&mut host, failure),
    };
    match failure {
        Failure::NoLaunch => delegate::run_asked(asked, Some(&target), &[]),
        // This process has limits that would break a daemon for all others. Node sees them too, and runs the call inline.
        Failure::SpawnRefused { cause, .. } if cause.code == p::BOUND => {
            delegate::run_asked(asked, Some(&target), more)
        }
        // Busy with another call, and not hung: Node waits on, for as long as the daemon is seen to work.
        Failure::NotAnswering { owner: Some(owner), .. }
            if asked.timeout_ms.is_none()
                && asked.fallback == Fallback::Wait
                && process::is_at_work(owner.identity.pid) =>
        {
            delegate::run_asked(asked, Some(&target), &[])
        }
        // The service itself refused, and would refuse in another process too.
        Failure::Declined { .. } => report(asked, &failure),
        _ if asked.fallback != Fallback::Wait => fall_back(asked, &target, &failure),
        _ => report(asked, &failure),
    }
}

fn report(asked: &Asked, failure: &Failure) -> i32 {
    complain(asked.errors, &sentence(failure), code(failure), exit_code(failure))
}

fn head(asked: &Asked, target: &Target, effort: &Effort) -> Vec<u8> {
    let directory = env::current_dir().unwrap_or_default();
    let request = Request {
        command: &target.name,
        args: &asked.args,
        directory: directory.as_os_str(),
        caller: target.edition.caller_text(effort),
        terminals: [STDIN, STDOUT, STDERR].map(terminal),
    };
    encode(&request, env::vars_os())
}

/// What a request says of one of this process's streams.
pub(super) fn terminal(descriptor: c_int) -> Terminal {
    if !is_terminal(descriptor) {
        return Terminal::No;
    }
    let size = if descriptor == STDIN { None } else { window_size(descriptor) };
    size.map_or(Terminal::Yes, |(columns, rows)| Terminal::Sized(columns, rows))
}

fn talk(host: &mut Host, errors: Errors) -> i32 {
    let end = match host.accepted() {
        Some(accepted) => converse(accepted),
        None => End::Lost(Cause::new("EOF", p::TEXT_HUNG_UP)),
    };
    match end {
        End::Exited(code) => code,
        End::Lost(cause) => {
            let sentence = fill(p::TEXT_LOST, &[("cause", &cause.message)]);
            complain(errors, &sentence, p::CODE_LOST, p::EXIT_LOST)
        }
        End::Broken { stream, cause } => broken(errors, stream, &cause),
    }
}

/// Reports that a stream of this process failed. Returns the exit code.
pub fn broken(errors: Errors, stream: &str, cause: &Cause) -> i32 {
    // A reader that has gone away, as `head` does, need not be told.
    if cause.code == "EPIPE" {
        return 128 + SIGPIPE;
    }
    let sentence = fill(p::TEXT_BROKEN, &[("stream", stream), ("cause", &cause_text(cause))]);
    complain(errors, &sentence, p::CODE_STREAM, p::EXIT_IO_ERROR)
}

/// A daemon that has claimed its name and is still loading is not hung, unless it is stopped. The ledger tells.
fn explained(host: &mut Host, failure: Failure) -> Failure {
    let (directory, pid) = match &failure {
        Failure::NotAnswering { directory, owner: Some(owner), .. } => {
            (directory.clone(), owner.identity.pid)
        }
        _ => return failure,
    };
    if let Sighting::Present { activity: Activity::Stopped, .. } = process::look_up(pid) {
        return failure;
    }
    let starts = host.starts();
    let words = match starts.iter().rev().find(|start| start.pid == pid as f64) {
        Some(start) => &start.words,
        None => return failure,
    };
    let claimed = words.iter().find(|(_, word)| *word == Word::Claimed);
    match claimed {
        Some((at_ms, _)) if words.iter().all(|(_, word)| *word == Word::Claimed) => {
            Failure::StillLoading { directory, pid, for_ms: (time::wall_ms() - at_ms).max(0.0) }
        }
        _ => failure,
    }
}

/// Answers now without a daemon, and kicks one for the next time before this process becomes another program.
fn fall_back(asked: &Asked, target: &Target, failure: &Failure) -> i32 {
    // Files in a directory that is not trusted are not used.
    let trusted =
        Some(target).filter(|_| !matches!(failure, Failure::Distrusted { .. } | Failure::Unusable { .. }));
    let is_vacant = *failure == Failure::Vacant;
    if asked.fallback == Fallback::Program {
        if is_vacant {
            kick_at(asked, target);
        }
        return delegate::become_program(&asked.program, asked.errors);
    }
    // If Node has to kick, it can answer as well: one start of Node instead of two.
    let is_left = is_vacant && kick_here(asked, target) == Kick::LeftToNode;
    delegate::run_asked(asked, trusted, &[if is_left { "--fallback=inline" } else { "--no-daemon" }])
}
