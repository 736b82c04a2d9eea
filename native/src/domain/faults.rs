//! Errors that can't be produced on a real file system at will. `test/conformance/scenarios` has the same cases.

use super::claim::{self, ClaimOutcome, ClaimPlan};
use super::failure::{Failure, Phase};
use super::kick::{self, Kicked, Warning};
use super::layout::Place;
use super::memory::{Fault, Memory, USER_ID};
use super::obtain::{self, Patience};
use super::ports::{Change, Greeting, Ports, Progress};
use super::timing::Timing;
use crate::protocol as p;

const LOCK: &str = "/s/n/spawn.lock";
const OWNER: &str = "{\"pid\":9,\"startTime\":\"1\",\"bootId\":\"boot\",\"pidNamespace\":\"namespace\",\"name\":\"n\",\"service\":\"s\",\"startedMs\":1,\"solod\":\"1\"}";
const STALE: &str = "{\"pid\":9,\"startTime\":\"1\",\"bootId\":\"boot\",\"pidNamespace\":\"namespace\",\"nonce\":\"9-a\",\"wallMs\":1,\"readyMs\":1}\n";

fn world() -> Memory {
    Memory::with_directories(&["/s", "/s/n"])
}

fn with_fault(fault: Fault) -> Memory {
    let mut memory = world();
    memory.faults.push(fault);
    memory
}

/// A lock whose holder is dead, old enough for a kick to override it.
fn with_lock(fault: Fault) -> Memory {
    let mut memory = with_fault(fault);
    assert_eq!(memory.make_directory(LOCK), Change::Done);
    let taken = (memory.clock_ms - 3_000.0).to_string();
    memory.write("/s/n/spawn.lock/9-a", &STALE.replace("\"wallMs\":1", &format!("\"wallMs\":{taken}")));
    memory
}

fn place() -> Place {
    Place { root: "/s".into(), directory: "/s/n".into() }
}

fn kick(memory: &mut Memory) -> Kicked {
    let plan = kick::Plan { place: &place(), user_id: USER_ID, nonce: "7-x", ready_ms: 7_500.0 };
    kick::kick(memory, &plan)
}

fn obtain(memory: &mut Memory, patience: Patience) -> Result<(), Failure> {
    let timing = Timing::within(2_000.0);
    let plan = obtain::Plan { place: &place(), user_id: USER_ID, nonce: "7-x", timing, patience };
    obtain::obtain(memory, &plan)
}

fn call(memory: &mut Memory) -> Result<(), Failure> {
    obtain(memory, Patience::Wait)
}

#[test]
fn a_lock_that_can_not_be_published() {
    let mut memory = with_fault(Fault("rename", "spawn.lock", "EIO", 99));
    let kicked = kick(&mut memory);
    assert!(
        matches!(&kicked, Kicked::Started { warning: Some(Warning::Lock(error)), .. } if error.path == LOCK)
    );
    assert!(kick::line(&kicked).unwrap().starts_with("the daemon was started without the spawn lock"));

    let mut memory = with_fault(Fault("rename", "spawn.lock", "EIO", 99));
    let begun = memory.clock_ms;
    assert_eq!(call(&mut memory), Ok(()));
    assert_eq!(memory.spawns, [p::REASON_LOCK_ERROR]);
    assert!(memory.clock_ms - begun >= 1_000.0, "not before the fallback time");
    assert!(!memory.has("/s/n/tmp.7-x.lock"));
}

#[test]
fn a_record_that_can_not_be_written() {
    let mut memory = with_fault(Fault("create_file", "tmp.", "ENOSPC", 1));
    assert!(matches!(kick(&mut memory), Kicked::Started { warning: Some(Warning::Lock(_)), .. }));
    let mut memory = with_fault(Fault("create_file", "tmp.", "ENOSPC", 1));
    assert!(matches!(call(&mut memory), Err(Failure::Lock(error)) if error.while_preparing));
    assert!(memory.spawns.is_empty() && !memory.has("/s/n/tmp.7-x.lock"));
}

#[test]
fn a_lock_that_can_not_be_taken_over() {
    let mut memory = with_lock(Fault("remove_file", "spawn.lock/", "EBUSY", 99));
    assert!(matches!(kick(&mut memory), Kicked::Started { warning: Some(Warning::Lock(_)), .. }));
    let mut memory = with_lock(Fault("remove_file", "spawn.lock/", "EBUSY", 99));
    assert_eq!(call(&mut memory), Ok(()));
    assert_eq!(memory.spawns, [p::REASON_LOCK_ERROR]);
    assert!(memory.has("/s/n/spawn.lock/9-a"), "another's lock is not removed");
}

#[test]
fn a_lock_that_is_gone_while_it_is_taken_over() {
    let mut memory = with_lock(Fault("remove_file", "spawn.lock/", "ENOENT", 1));
    assert_eq!(kick(&mut memory), Kicked::Contended);
    assert!(memory.spawns.is_empty());
}

#[test]
fn errors_of_connect() {
    for code in ["ENOTDIR", "ELOOP", "EPROTOTYPE", "ECONNREFUSED"] {
        let mut memory = world();
        memory.connects = vec![code];
        assert_eq!((call(&mut memory), memory.spawns), (Ok(()), vec![p::REASON_DEAD_DAEMON]), "{code}");
    }
    for code in ["EACCES", "EMFILE", "EAGAIN", "ECONNRESET", "EPIPE", "ENOBUFS"] {
        let mut memory = world();
        memory.connects = vec![code];
        let failure = call(&mut memory).unwrap_err();
        assert!(
            matches!(&failure, Failure::NotAnswering { cause: Some(cause), .. } if cause.code == code),
            "{code}"
        );
        assert!(memory.spawns.is_empty());
    }
}

#[test]
fn a_daemon_that_never_comes_up() {
    let mut memory = world();
    memory.comes_up = false;
    assert!(matches!(call(&mut memory), Err(Failure::TimedOut { phase: Phase::Ready, pid: Some(8), .. })));
    assert_eq!(memory.spawns, [p::REASON_COLD]);
}

#[test]
fn a_caller_that_does_not_wait_starts_nothing() {
    let mut memory = world();
    assert_eq!(obtain(&mut memory, Patience::Leave), Err(Failure::Vacant));
    memory.connects.clear();
    memory.greetings = vec![Greeting::Draining { upgrade: false, progress: Progress::Sent }];
    assert_eq!(obtain(&mut memory, Patience::Leave), Err(Failure::Vacant));
    assert_eq!(obtain(&mut memory, Patience::Leave), Ok(()));
    assert!(memory.spawns.is_empty());
}

#[test]
fn untrusted_and_broken_directories() {
    let mut memory = world();
    memory.give_to("/s", 7);
    assert!(matches!(call(&mut memory), Err(Failure::Distrusted { why: p::TEXT_DISTRUSTED_FOREIGN, .. })));
    let mut memory = with_fault(Fault("inspect", "/s/n", "EIO", 1));
    assert!(matches!(call(&mut memory), Err(Failure::Unusable { cause, .. }) if cause.code == "EIO"));
    let mut memory = Memory::with_directories(&["/s"]);
    memory.faults.push(Fault("make_directory", "/s/n", "EROFS", 1));
    assert_eq!(kick(&mut memory), Kicked::NoDirectory);
}

fn claim(memory: &mut Memory) -> ClaimOutcome {
    let plan =
        ClaimPlan { place: &place(), user_id: USER_ID, nonce: "7-x", lock: None, owner_text: "owner\n" };
    claim::claim(memory, &plan)
}

/// A generation that `current` names, or does not name yet.
fn with_generation(generation: u32, current: Option<&str>) -> Memory {
    let mut memory = world();
    memory.give_to(&format!("/s/n/{generation}"), USER_ID);
    memory.write(&format!("/s/n/{generation}/sock"), "");
    if let Some(target) = current {
        assert_eq!(Ports::make_link(&mut memory, target, "/s/n/current"), Change::Done);
    }
    memory.connects = vec!["ECONNREFUSED"];
    memory
}

#[test]
fn a_name_that_nobody_serves_is_claimed() {
    let mut memory = world();
    assert_eq!(claim(&mut memory), ClaimOutcome::Claimed { generation: 1 });
    assert!(memory.listens && memory.has("/s/n/1/sock") && memory.has("/s/n/1/owner.json"));
    for current in [Some("3"), None] {
        let mut memory = with_generation(3, current);
        assert_eq!(claim(&mut memory), ClaimOutcome::Claimed { generation: 4 });
        assert!(memory.listens && !memory.has("/s/n/3"), "the dead one is collected");
    }
}

#[test]
fn a_name_that_somebody_serves_is_left() {
    let mut memory = with_generation(3, Some("3"));
    memory.connects.clear();
    assert_eq!(claim(&mut memory), ClaimOutcome::GaveWay { generation: 3 });
    assert!(!memory.listens && !memory.has("/s/n/tmp.7-x-0"));
}

#[test]
fn a_claim_that_fails_or_is_in_doubt_leaves_no_listener() {
    for fault in [
        Fault("make_directory", "tmp.", "ENOSPC", 1),
        Fault("create_file", "owner.json", "ENOSPC", 1),
        Fault("listen", "sock", "EACCES", 1),
        Fault("rename", "/s/n/1", "EIO", 1),
        Fault("rename", "current", "EIO", 1),
        Fault("make_link", ".link", "ENOSPC", 1),
        Fault("read_link", "current", "EIO", 1),
    ] {
        let mut memory = with_fault(fault);
        assert_eq!(claim(&mut memory), ClaimOutcome::Unsettled);
        assert!(!memory.listens && !memory.has("/s/n/tmp.7-x-0") && !memory.has("/s/n/tmp.7-x-0.link"));
    }
    // It has ended, and one of its threads has not let go of the listener yet.
    let mut memory = with_generation(3, Some("3"));
    memory.write("/s/n/3/owner.json", OWNER);
    memory.connects.clear();
    assert_eq!(claim(&mut memory), ClaimOutcome::Unsettled);
    let mut memory = with_generation(3, Some("3"));
    memory.connects = vec!["EACCES"];
    assert_eq!(claim(&mut memory), ClaimOutcome::Unsettled);
}

#[test]
fn a_slot_that_was_collected_already_is_given_back() {
    // Another candidate repoints to a higher generation between the two looks.
    let mut memory = world();
    memory.repoints_to = Some("5");
    assert_eq!(claim(&mut memory), ClaimOutcome::Claimed { generation: 6 });
    assert!(memory.listens && !memory.has("/s/n/1"));
}
