//! Every way in which a caller can be left without a daemon, the sentence that says so, and the exit code.

use super::owner::Owner;
use super::ports::{Cause, ChildEnd};
use super::spawn_lock::LockError;
use super::start_ledger::{HeldBack, Word};
use crate::protocol as p;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// No daemon served the name, and another caller held the spawn lock all the time.
    Lock,
    /// The daemon was started and did not answer in time.
    Ready,
    /// The daemon that was there kept ending before it answered, or was shutting down.
    Answer,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    Distrusted {
        path: String,
        /// The sentence for it, with a brace for the path.
        why: &'static str,
    },
    Unusable {
        path: String,
        cause: Cause,
    },
    Lock(LockError),
    SpawnRefused {
        directory: String,
        cause: Cause,
    },
    DiedAtStart {
        directory: String,
        pid: i64,
        end: ChildEnd,
    },
    CrashLoop {
        directory: String,
        held: HeldBack,
    },
    TimedOut {
        directory: String,
        phase: Phase,
        after_ms: f64,
        pid: Option<i64>,
    },
    NotAnswering {
        directory: String,
        owner: Option<Owner>,
        after_ms: f64,
        cause: Option<Cause>,
    },
    StillLoading {
        directory: String,
        pid: i64,
        for_ms: f64,
    },
    Declined {
        message: String,
        exit_code: i32,
    },
    Outdated {
        message: String,
    },
    /// No daemon is there, and this caller does not wait for one.
    Vacant,
    /// No process can be started from here.
    NoLaunch,
}

/// Puts values in place of a text's braces. Braces in the values stay as they are.
pub fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let (before, from) = rest.split_at(open);
        out.push_str(before);
        let end = from.find('}').map_or(from.len(), |close| close + 1);
        let value = values.iter().find(|(name, _)| from[..end] == format!("{{{name}}}"));
        out.push_str(value.map_or(&from[..end], |(_, value)| value));
        rest = &from[end..];
    }
    out + rest
}

/// One sentence: what happened, where, and what to do.
pub fn sentence(failure: &Failure) -> String {
    match failure {
        Failure::Distrusted { path, why } => fill(why, &[("path", path)]),
        Failure::Unusable { path, cause } => {
            fill(p::TEXT_UNUSABLE, &[("path", path), ("cause", &cause_text(cause))])
        }
        Failure::Lock(error) => lock_text(p::TEXT_LOCK_ERROR, error),
        Failure::SpawnRefused { directory, cause } => {
            fill(refused_text(cause), &[("directory", directory), ("cause", &cause_text(cause))])
        }
        Failure::DiedAtStart { directory, pid, end } => died_text(directory, *pid, end),
        Failure::CrashLoop { directory, held } => fill(
            p::TEXT_CRASH_LOOP,
            &[
                ("directory", directory),
                ("failures", &held.failures.to_string()),
                ("seconds", &seconds(held.wait_ms)),
                ("message", &held.message),
            ],
        ),
        Failure::TimedOut { directory, phase, after_ms, pid } => {
            timed_out_text(directory, *phase, *after_ms, *pid)
        }
        Failure::NotAnswering { directory, owner, after_ms, cause } => {
            not_answering_text(directory, owner.as_ref(), *after_ms, cause.as_ref())
        }
        Failure::StillLoading { directory, pid, for_ms } => fill(
            p::TEXT_STILL_LOADING,
            &[("directory", directory), ("pid", &pid.to_string()), ("seconds", &seconds(*for_ms))],
        ),
        Failure::Declined { message, .. } => fill(p::TEXT_DECLINED, &[("message", message)]),
        Failure::Outdated { message } => message.clone(),
        // Never said: another program takes over.
        Failure::Vacant | Failure::NoLaunch => String::new(),
    }
}

/// Stable: `solod explain <code>` tells more.
pub fn code(failure: &Failure) -> &'static str {
    match failure {
        Failure::Distrusted { .. } => p::CODE_STATE_DIRECTORY_DISTRUSTED,
        Failure::Unusable { .. } => p::CODE_STATE_DIRECTORY_UNUSABLE,
        Failure::Lock(_) => p::CODE_LOCK_ERROR,
        Failure::SpawnRefused { .. } => p::CODE_SPAWN_REFUSED,
        Failure::DiedAtStart { .. } => p::CODE_DIED_AT_START,
        Failure::CrashLoop { .. } => p::CODE_CRASH_LOOP,
        Failure::TimedOut { .. } => p::CODE_TIMED_OUT,
        Failure::NotAnswering { .. } => p::CODE_NOT_ANSWERING,
        Failure::StillLoading { .. } => p::CODE_STILL_LOADING,
        Failure::Declined { .. } => p::CODE_DECLINED,
        Failure::Outdated { .. } => p::CODE_OUTDATED,
        // Never said: another program takes over.
        Failure::Vacant | Failure::NoLaunch => "",
    }
}

/// What stands at the end of a message: the code in brackets.
pub fn code_suffix(code: &str) -> String {
    fill(p::CODE_SUFFIX, &[("code", code)])
}

/// Returns the exit code of a client that ends with this failure.
pub fn exit_code(failure: &Failure) -> i32 {
    match failure {
        Failure::Distrusted { .. } => p::EXIT_NO_PERMISSION,
        Failure::Unusable { .. } | Failure::Lock(_) => p::EXIT_CANT_CREATE,
        Failure::SpawnRefused { .. } => p::EXIT_OS_ERROR,
        Failure::DiedAtStart { .. } | Failure::CrashLoop { .. } => p::EXIT_SOFTWARE,
        Failure::Declined { exit_code, .. } => *exit_code,
        Failure::TimedOut { .. } | Failure::StillLoading { .. } => p::EXIT_TEMP_FAIL,
        Failure::NotAnswering { .. } | Failure::Vacant | Failure::NoLaunch => p::EXIT_UNAVAILABLE,
        Failure::Outdated { .. } => p::EXIT_OUTDATED,
    }
}

pub fn cause_text(cause: &Cause) -> String {
    if cause.message.contains(&cause.code) {
        cause.message.clone()
    } else {
        format!("{}: {}", cause.code, cause.message)
    }
}

pub fn lock_text(template: &str, error: &LockError) -> String {
    fill(template, &[("path", &error.path), ("cause", &cause_text(&error.cause))])
}

/// What to do about a refusal depends on its errno.
fn refused_text(cause: &Cause) -> &'static str {
    match cause.code.as_str() {
        "ENOENT" => p::TEXT_SPAWN_REFUSED_ENOENT,
        "EACCES" => p::TEXT_SPAWN_REFUSED_EACCES,
        "ENOEXEC" => p::TEXT_SPAWN_REFUSED_ENOEXEC,
        "EAGAIN" => p::TEXT_SPAWN_REFUSED_EAGAIN,
        "ENOMEM" => p::TEXT_SPAWN_REFUSED_ENOMEM,
        "EMFILE" => p::TEXT_SPAWN_REFUSED_EMFILE,
        "ENFILE" => p::TEXT_SPAWN_REFUSED_ENFILE,
        _ => p::TEXT_SPAWN_REFUSED_OTHER,
    }
}

fn died_text(directory: &str, pid: i64, end: &ChildEnd) -> String {
    let (stage, message) = match &end.word {
        Some(Word::Failed { stage, message }) => (Some(stage.as_str()), message.trim()),
        _ => (None, ""),
    };
    // Another daemon that ends at the same time may have emptied the log: then this one's own report tells.
    let output = Some(end.last_output.trim()).filter(|output| !output.is_empty()).unwrap_or(message);
    let template = match (&end.signal, stage, output.is_empty()) {
        (None, None, true) => p::TEXT_DIED_CODE_SILENT,
        (None, None, false) => p::TEXT_DIED_CODE_OUTPUT,
        (None, Some(_), true) => p::TEXT_DIED_CODE_STAGE_SILENT,
        (None, Some(_), false) => p::TEXT_DIED_CODE_STAGE_OUTPUT,
        (Some(_), None, true) => p::TEXT_DIED_SIGNAL_SILENT,
        (Some(_), None, false) => p::TEXT_DIED_SIGNAL_OUTPUT,
        (Some(_), Some(_), true) => p::TEXT_DIED_SIGNAL_STAGE_SILENT,
        (Some(_), Some(_), false) => p::TEXT_DIED_SIGNAL_STAGE_OUTPUT,
    };
    let code = end.code.map_or_else(|| "?".to_owned(), |code| code.to_string());
    fill(
        template,
        &[
            ("directory", directory),
            ("pid", &pid.to_string()),
            ("code", &code),
            ("signal", end.signal.as_deref().unwrap_or_default()),
            ("stage", stage.unwrap_or_default()),
            ("output", output),
        ],
    )
}

fn timed_out_text(directory: &str, phase: Phase, after_ms: f64, pid: Option<i64>) -> String {
    let template = match phase {
        Phase::Lock => p::TEXT_TIMED_OUT_LOCK,
        Phase::Ready => p::TEXT_TIMED_OUT_READY,
        Phase::Answer => p::TEXT_TIMED_OUT_ANSWER,
    };
    let pid = pid.map_or_else(|| "?".to_owned(), |pid| pid.to_string());
    fill(template, &[("directory", directory), ("after", &rounded(after_ms)), ("pid", &pid)])
}

fn not_answering_text(
    directory: &str,
    owner: Option<&Owner>,
    after_ms: f64,
    cause: Option<&Cause>,
) -> String {
    let template = match (owner, cause) {
        (None, None) => p::TEXT_NOT_ANSWERING,
        (None, Some(_)) => p::TEXT_NOT_ANSWERING_CAUSE,
        (Some(_), None) => p::TEXT_NOT_ANSWERING_OWNED,
        (Some(_), Some(_)) => p::TEXT_NOT_ANSWERING_OWNED_CAUSE,
    };
    fill(
        template,
        &[
            ("directory", directory),
            ("name", owner.map_or("", |owner| &owner.name)),
            ("pid", &owner.map_or_else(String::new, |owner| owner.identity.pid.to_string())),
            ("after", &rounded(after_ms)),
            ("cause", &cause.map_or_else(String::new, cause_text)),
        ],
    )
}

/// As JavaScript's Math.round.
fn rounded(ms: f64) -> String {
    format!("{}", (ms + 0.5).floor())
}

/// With one digit after the point. JavaScript's toFixed rounds a tie up; Rust rounds it to the even digit.
pub fn seconds(ms: f64) -> String {
    let value = ms / 1_000.0;
    let quarters = value * 4.0;
    let is_tie = quarters.fract() == 0.0 && quarters.rem_euclid(2.0) == 1.0;
    format!("{:.1}", if is_tie { value + 0.05 } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_and_looks_at_nothing_twice() {
        assert_eq!(fill("a {x} b {y} {z}", &[("x", "{y}"), ("y", "2")]), "a {y} b 2 {z}");
        assert_eq!(fill("{", &[]), "{");
    }

    #[test]
    fn rounds_as_javascript_does() {
        let made: Vec<String> =
            [250.0, 750.0, 350.0, 2_050.0, 1_999.0, 12_250.0].iter().map(|ms| seconds(*ms)).collect();
        assert_eq!(made, ["0.3", "0.8", "0.3", "2.0", "2.0", "12.3"]);
        assert_eq!([rounded(1.5), rounded(0.4)], ["2", "0"]);
    }
}
