//! The ledger of starts, and the breaker that counts in it; see `src/domain/lifecycle/start-ledger.ts`.

use super::failure::fill;
use super::identity::{Identity, Vitality};
use super::json::{self, quoted, Json};
use super::ports::Instant;
use crate::protocol as p;

/// What a process says of itself, or its starter for it.
#[derive(Clone, Debug, PartialEq)]
pub enum Word {
    Claimed,
    GaveWay,
    Ready,
    Failed { stage: String, message: String },
    Ended { why: String, code: Option<f64>, signal: Option<String> },
}

/// None for a text that is not a word of a process.
pub fn parse_word(text: &str) -> Option<Word> {
    word_from(&json::parse(text)?)
}

const STAGES: [&str; 4] = [p::STAGE_STARTING, p::STAGE_CLAIMING, p::STAGE_LOADING, p::STAGE_SERVING];

fn word_from(value: &Json) -> Option<Word> {
    let text = |name| value.text(name).unwrap_or_default().to_owned();
    match value.text("kind")? {
        p::ENTRY_CLAIMED => Some(Word::Claimed),
        p::ENTRY_GAVE_WAY => Some(Word::GaveWay),
        p::ENTRY_READY => Some(Word::Ready),
        p::ENTRY_FAILED => {
            let stage = text("stage");
            let known = STAGES.contains(&stage.as_str());
            Some(Word::Failed {
                stage: if known { stage } else { p::STAGE_STARTING.to_owned() },
                message: text("message"),
            })
        }
        p::ENTRY_ENDED => Some(Word::Ended {
            why: text("why"),
            code: value.number("code"),
            signal: Some(text("signal")).filter(|signal| !signal.is_empty()),
        }),
        _ => None,
    }
}

/// One process, as the ledger tells of it.
#[derive(Clone, Debug)]
pub struct Start {
    pub pid: f64,
    /// None where nobody of solod's started it.
    pub identity: Option<Identity>,
    pub started_ms: f64,
    pub reason: Option<String>,
    pub build: String,
    pub words: Vec<(f64, Word)>,
}

/// The processes that a ledger tells of, in the order in which they were started. Lines that are cut off, or somebody else's, are
/// passed over.
pub fn parse(text: &str) -> Vec<Start> {
    let mut starts: Vec<Start> = Vec::new();
    for line in text.split('\n') {
        if let Some(value) = json::parse(line) {
            note(&mut starts, &value);
        }
    }
    starts
}

fn note(starts: &mut Vec<Start>, value: &Json) -> Option<()> {
    let (at_ms, pid) = (value.number("atMs")?, value.number("pid")?);
    let text = |name| value.text(name).unwrap_or_default().to_owned();
    match value.text("kind") {
        Some(p::ENTRY_STARTED) => {
            let mut start = Start {
                pid,
                identity: Some(Identity::from_json(value)?),
                started_ms: at_ms,
                reason: Some(text("reason")),
                build: text("build"),
                words: Vec::new(),
            };
            match starts.iter_mut().rev().find(|start| start.pid == pid) {
                Some(early) if early.has_begun_about(at_ms) => {
                    start.started_ms = early.started_ms.min(at_ms);
                    start.words = std::mem::take(&mut early.words);
                    *early = start;
                }
                _ => starts.push(start),
            }
        }
        Some(p::ENTRY_REFUSED) => {}
        _ => {
            let word = word_from(value)?;
            match starts.iter_mut().rev().find(|start| start.pid == pid) {
                Some(start) => start.words.push((at_ms, word)),
                None => starts.push(Start {
                    pid,
                    identity: None,
                    started_ms: at_ms,
                    reason: None,
                    build: String::new(),
                    words: vec![(at_ms, word)],
                }),
            }
        }
    }
    Some(())
}

#[derive(Clone, Debug, PartialEq)]
enum Fate {
    Fine,
    /// It has said nothing yet, or not all: it may be alive.
    Open,
    Failed(FailedStart),
    /// It is gone without a word, and its starter too: it was killed from outside, or it crashed.
    Unseen(FailedStart),
    /// It failed for a reason that says nothing of what was started: the same may serve the next time.
    Excused,
}

#[derive(Clone, Debug, PartialEq)]
struct FailedStart {
    at_ms: f64,
    message: String,
}

impl Start {
    pub fn is_open(&self) -> bool {
        self.fate() == Fate::Open
    }

    /// A starter that waited for a CPU writes its line after the first words of what it has started; it may have looked at the
    /// clock before them. Ids are not used again so soon.
    fn has_begun_about(&self, at_ms: f64) -> bool {
        self.identity.is_none() && (at_ms - self.started_ms).abs() <= p::SILENT_MS_MAX
    }

    /// The same with its end, where its process is proven to have gone without a word.
    pub fn conclude(&mut self, vitality: Vitality) {
        if vitality != Vitality::Dead || !self.is_open() {
            return;
        }
        let at_ms = self.words.last().map_or(self.started_ms, |(at_ms, _)| *at_ms);
        self.words.push((at_ms, Word::Ended { why: String::new(), code: None, signal: None }));
    }

    /// Whether its process hangs before it has said anything.
    pub fn is_silent(&self, vitality: Vitality) -> bool {
        self.identity.is_some() && self.words.is_empty() && vitality == Vitality::Alive
    }

    /// Whether a process that has said nothing may have claimed its name all the same: where the disk is full, the ledger lacks its
    /// word. None for owners that can't be read: that counts as one.
    pub fn may_have_claimed(&self, owners: &Option<Vec<Identity>>) -> bool {
        let is_own = |owner: &Identity| {
            self.identity.as_ref().map_or(false, |own| {
                (owner.pid, &owner.start_time, &owner.boot_id) == (own.pid, &own.start_time, &own.boot_id)
            })
        };
        owners.as_ref().map_or(true, |owners| owners.iter().any(is_own))
    }

    fn fate(&self) -> Fate {
        let failed = self.words.iter().find(|(_, word)| matches!(word, Word::Failed { .. }));
        if let Some((at_ms, Word::Failed { stage, message })) = failed {
            if stage != p::STAGE_SERVING {
                // A claim fails by the state directory, whatever is served.
                if stage == p::STAGE_CLAIMING || names_lack(message) {
                    return Fate::Excused;
                }
                return Fate::Failed(FailedStart { at_ms: *at_ms, message: message.clone() });
            }
        }
        if self.words.iter().any(|(_, word)| matches!(word, Word::Ready | Word::GaveWay)) {
            return Fate::Fine;
        }
        let ended = self.words.iter().find(|(_, word)| matches!(word, Word::Ended { .. }));
        if let Some((at_ms, Word::Ended { why, code, signal })) = ended {
            if is_from_outside(signal.as_deref().unwrap_or(why)) || why == p::ASKED {
                return Fate::Excused;
            }
            let is_unseen = signal.is_none() && code.is_none() && why.is_empty();
            let message = end_text(why, *code, signal.as_deref());
            let failed = FailedStart { at_ms: at_ms.max(self.started_ms), message };
            return if is_unseen { Fate::Unseen(failed) } else { Fate::Failed(failed) };
        }
        Fate::Open
    }
}

/// What the machine lacks for a time, and has again.
fn names_lack(message: &str) -> bool {
    p::LACKING.split(' ').any(|code| message.contains(&format!("{code}:")))
}

fn is_from_outside(signal: &str) -> bool {
    p::FROM_OUTSIDE.split(' ').any(|known| known == signal)
}

fn end_text(why: &str, code: Option<f64>, signal: Option<&str>) -> String {
    let code = code.map(|code| fill(p::TEXT_HOW_CODE, &[("code", &code.to_string())]));
    let how = signal.map(str::to_owned).or(code).unwrap_or_else(|| p::TEXT_HOW_UNSEEN.to_owned());
    let template = if why.is_empty() { p::TEXT_ENDED } else { p::TEXT_ENDED_WHY };
    fill(template, &[("how", &how), ("why", why)])
}

#[derive(Clone, Debug, PartialEq)]
pub struct HeldBack {
    pub failures: usize,
    pub wait_ms: f64,
    /// What the last one failed with.
    pub message: String,
}

/// Whether one more start of the same thing is held back now; None lets it go ahead.
pub fn judge(starts: &[Start], build: &str, now: Instant) -> Option<HeldBack> {
    let failures = failures_in_a_row(starts, build, now.wall_ms);
    let last = failures.first()?;
    if failures.len() <= p::FREE_FAILURES {
        return None;
    }
    let doublings = (failures.len() - p::FREE_FAILURES - 1) as i32;
    let until_ms = last.at_ms + (p::FIRST_HOLD_MS * 2f64.powi(doublings)).min(p::LONGEST_HOLD_MS);
    // One that lies ahead comes from a clock that has been set back since.
    if now.wall_ms >= until_ms || last.at_ms > now.wall_ms {
        return None;
    }
    Some(HeldBack {
        failures: failures.len(),
        wait_ms: until_ms - now.wall_ms,
        message: last.message.clone(),
    })
}

/// Whether the last start of the same thing failed. One that is gone without a word counts too.
pub fn has_failed(starts: &[Start], build: &str) -> bool {
    let last = starts.iter().rev().find(|start| start.reason.is_some() && start.build == build);
    last.map_or(false, |start| matches!(start.fate(), Fate::Failed(_) | Fate::Unseen(_)))
}

/// The latest first.
fn failures_in_a_row(starts: &[Start], build: &str, wall_ms: f64) -> Vec<FailedStart> {
    let mut failures = Vec::new();
    let mut unseen = 0;
    for start in starts.iter().rev() {
        let reason = match &start.reason {
            Some(reason) if start.build == build => reason,
            // Another build's failures say nothing of this one, and one that nobody of solod's started is watched by who did.
            _ => continue,
        };
        let fate = start.fate();
        if fate == Fate::Fine || wall_ms - start.started_ms > p::WINDOW_MS {
            break;
        }
        match fate {
            Fate::Failed(failed) => failures.push((true, failed)),
            Fate::Unseen(failed) => {
                unseen += 1;
                failures.push((false, failed));
            }
            _ => {}
        }
        if reason == p::REASON_RESTART {
            break;
        }
    }
    // The oldest ones that nobody saw are free.
    let mut counted = unseen - p::FREE_UNSEEN.min(unseen);
    failures.retain(|(is_seen, _)| {
        *is_seen || {
            let is_counted = counted > 0;
            counted = counted.saturating_sub(1);
            is_counted
        }
    });
    failures.into_iter().map(|(_, failed)| failed).collect()
}

/// Who asked for a start, and why.
pub struct Asked<'a> {
    pub at_ms: f64,
    pub by: u32,
    /// The program that asked.
    pub asker: &'a str,
    pub reason: &'a str,
}

impl Asked<'_> {
    fn members(&self) -> String {
        let (asker, reason) = (quoted(self.asker), quoted(self.reason));
        format!("\"atMs\":{},\"by\":{},\"asker\":{asker},\"reason\":{reason}", self.at_ms, self.by)
    }
}

pub fn started_text(child: &Identity, asked: &Asked, build: &str) -> String {
    let (child, build) = (child.members(), quoted(build));
    format!("{{{child},{},\"kind\":\"{}\",\"build\":{build}}}\n", asked.members(), p::ENTRY_STARTED)
}

pub fn refused_text(asked: &Asked, message: &str) -> String {
    let message = quoted(message);
    format!("{{\"pid\":0,{},\"kind\":\"{}\",\"message\":{message}}}\n", asked.members(), p::ENTRY_REFUSED)
}

/// Of a start that was silent for so long, and was ended.
pub fn silent_text(at_ms: f64, pid: i64, for_ms: f64) -> String {
    let message = quoted(&fill(p::TEXT_SILENT, &[("seconds", &(for_ms / 1_000.0).round().to_string())]));
    format!(
        "{{\"atMs\":{at_ms},\"pid\":{pid},\"kind\":\"{}\",\"stage\":\"{}\",\"message\":{message}}}\n",
        p::ENTRY_FAILED,
        p::STAGE_STARTING
    )
}

/// What a process says of itself that has claimed, or has given way.
pub fn word_text(at_ms: f64, pid: i64, kind: &str, generation: u32) -> String {
    format!("{{\"atMs\":{at_ms},\"pid\":{pid},{}\n", &said_text(kind, generation)[1..])
}

/// The same for its start channel.
pub fn said_text(kind: &str, generation: u32) -> String {
    format!("{{\"kind\":\"{kind}\",\"generation\":{generation}}}")
}

pub fn ended_text(at_ms: f64, pid: i64, why: &str, code: Option<i32>, signal: Option<&str>) -> String {
    let code = code.map_or_else(String::new, |code| format!(",\"code\":{code}"));
    let signal = signal.map_or_else(String::new, |signal| format!(",\"signal\":{}", quoted(signal)));
    let why = quoted(why);
    format!(
        "{{\"atMs\":{at_ms},\"pid\":{pid},\"kind\":\"{}\",\"why\":{why}{code}{signal}}}\n",
        p::ENTRY_ENDED
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_an_end_as_node_does() {
        let start = |end: &str| {
            let started = "{\"pid\":7,\"startTime\":\"1\",\"bootId\":\"b\",\"pidNamespace\":\"n\",\"atMs\":1,\"kind\":\"started\",\"reason\":\"cold\"}";
            parse(&format!("{started}\n{{\"atMs\":2,\"pid\":7,\"kind\":\"ended\"{end}}}\n")).remove(0)
        };
        let message = |start: Start| match start.fate() {
            Fate::Failed(failed) => failed.message,
            fate => format!("{fate:?}"),
        };
        for (end, told) in [
            (",\"code\":3", "it ended before it served (exit code 3)"),
            (",\"signal\":\"SIGSEGV\",\"why\":\"x\"", "it ended before it served (SIGSEGV): x"),
        ] {
            assert_eq!(message(start(end)), told);
        }
        for excused in [",\"signal\":\"SIGKILL\"", ",\"why\":\"SIGTERM\"", ",\"why\":\"asked to\""] {
            assert_eq!(start(excused).fate(), Fate::Excused, "{excused}");
        }
        let mut gone = start("");
        gone.words.clear();
        gone.conclude(Vitality::Dead);
        let message = "it ended before it served (nobody saw how)".to_owned();
        assert_eq!(gone.fate(), Fate::Unseen(FailedStart { at_ms: 1.0, message }));
    }

    #[test]
    fn an_owner_file_speaks_for_a_process_that_could_write_nothing() {
        let who = |pid: i64, start_time: &str| Identity {
            pid,
            start_time: start_time.to_owned(),
            boot_id: "b".to_owned(),
            pid_namespace: "n".to_owned(),
        };
        let started = "{\"pid\":7,\"startTime\":\"1\",\"bootId\":\"b\",\"pidNamespace\":\"n\",\"atMs\":1,\"kind\":\"started\"}\n";
        let start = parse(started).remove(0);
        assert!(start.is_silent(Vitality::Alive));
        assert!(start.may_have_claimed(&Some(vec![who(8, "1"), who(7, "1")])));
        assert!(!start.may_have_claimed(&Some(vec![who(8, "1"), who(7, "2")])));
        assert!(!start.may_have_claimed(&Some(Vec::new())));
        assert!(start.may_have_claimed(&None));
    }

    #[test]
    fn takes_a_late_line_for_the_process_that_has_spoken() {
        let spoken = "{\"atMs\":4,\"pid\":7,\"kind\":\"claimed\",\"generation\":1}";
        for (at_ms, begun_ms) in [(3, 3.0), (6, 4.0)] {
            let started = format!("{{\"pid\":7,\"startTime\":\"1\",\"bootId\":\"b\",\"pidNamespace\":\"n\",\"atMs\":{at_ms},\"kind\":\"started\"}}");
            let starts = parse(&format!("{spoken}\n{started}\n"));
            assert_eq!(starts.len(), 1);
            assert_eq!(starts[0].started_ms, begun_ms);
            assert!(!starts[0].is_silent(Vitality::Alive));
        }
    }
}
