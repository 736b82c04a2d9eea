//! The files, networks and processes that a caller sees, on one boot of one machine; see `src/domain/place/scope.ts`.

use super::layout::short_hash;
use super::ports::Found;
use super::trusted_path::Look;
use crate::protocol as p;

/// What is asked only when a record is another's.
pub struct Machine {
    pub machine: String,
    pub booted_ms: f64,
    pub wall_ms: f64,
}

/// Whose a state directory is, seen from a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Own,
    Free,
    Over,
    Part,
    NewPart,
}

pub fn is_scope_word(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=128).contains(&text.len()) && text.as_bytes()[0].is_ascii_alphanumeric() && text.bytes().all(is_word)
}

/// The same text for callers that may share a daemon, and for no others.
pub fn scope_text(boot: &str, ids: &str) -> String {
    format!("{boot}.{ids}")
}

fn boot_in(text: &str) -> &str {
    text.split_once('.').map_or("", |(boot, _)| boot)
}

pub fn part_of(root: &str, text: &str) -> String {
    format!("{root}/{}{}", p::PART, short_hash(text))
}

fn record_of(root: &str) -> String {
    format!("{root}/{}/of", p::SCOPE_RECORD)
}

/// `machine` is asked only if the record is another scope's.
pub fn standing_in(root: &str, text: &str, look: &dyn Look, machine: &dyn Fn() -> Machine) -> Standing {
    let record = look.read_link(&record_of(root));
    if record == Found::There(text.to_owned()) {
        return Standing::Own;
    }
    if look.read_link(&record_of(&part_of(root, text))) == Found::There(text.to_owned()) {
        return Standing::Part;
    }
    match record {
        Found::There(of) if is_over(root, &of, text, look, &machine()) => Standing::Over,
        Found::There(_) => Standing::NewPart,
        _ => Standing::Free,
    }
}

/// Two machines may have one id, because they were copied from one image. Then the record of the other is touched after this one has
/// booted, and stays.
fn is_over(root: &str, of: &str, text: &str, look: &dyn Look, machine: &Machine) -> bool {
    let modified_ms = match look.inspect(&format!("{root}/{}", p::SCOPE_RECORD)) {
        Found::There(entry) => entry.modified_ms,
        _ => return false,
    };
    if machine.wall_ms - modified_ms > p::GONE_MS {
        return true;
    }
    let known = look.read_link(&format!("{root}/{}/machine", p::SCOPE_RECORD));
    known == Found::There(machine.machine.clone())
        && boot_in(of) != boot_in(text)
        && modified_ms < machine.booted_ms
}
