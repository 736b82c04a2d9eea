//! A process that claims a name, for the scenarios in `test/conformance/claims`: `claims <assignment>`, as JSON. It says what it came
//! to, and lives until its stdin ends.

use solod_client::domain::claim::{claim, ClaimOutcome, ClaimPlan};
use solod_client::domain::held_lock::handed_lock;
use solod_client::domain::identity::Identity;
use solod_client::domain::json::{self, Json};
use solod_client::domain::layout::{nonce_of, Place};
use solod_client::domain::owner::{owner_text, Served};
use solod_client::domain::ports::{
    Cause, Change, Child, Connecting, Entry, Found, Greeting, Instant, Ports, Sighting, Spawning,
};
use solod_client::system::host::{Host, Limits};
use solod_client::system::process;
use std::collections::HashMap;
use std::env;
use std::io::{self, Read};

/// The ports of the machine, where a call that the scenario speaks of fails, or is never made.
struct Met<'a> {
    host: Host<'a>,
    assignment: &'a Json,
    counts: HashMap<&'static str, u32>,
}

impl Met<'_> {
    /// The error that is planted for this call of a method, by its name in TypeScript.
    fn meet(&mut self, method: &'static str) -> Option<Cause> {
        let count = self.counts.entry(method).or_insert(0);
        *count += 1;
        let nth = f64::from(*count);
        let find = |what: &str| {
            let call = self.assignment.get(what)?;
            Some(call).filter(|call| call.text("method") == Some(method) && call.number("nth") == Some(nth))
        };
        if find("dies").is_some() {
            process::kill(i64::from(std::process::id()));
        }
        if find("waits").is_some() {
            println!("waits");
            let _ = io::stdin().read(&mut [0]);
        }
        find("fails").and_then(|call| call.text("code")).map(|code| Cause::new(code, "planted"))
    }
}

fn changed(cause: Cause) -> Change {
    match cause.code.as_str() {
        "ENOENT" => Change::Absent,
        "EEXIST" => Change::Occupied,
        _ => Change::Failed(cause),
    }
}

/// Methods that meet what is planted, and else ask the machine.
macro_rules! met {
    ($($name:ident($($arg:ident: $kind:ty),*) -> $reading:ty, $method:literal, $failed:expr;)*) => {
        $(fn $name(&mut self, $($arg: $kind),*) -> $reading {
            match self.meet($method) {
                Some(cause) => $failed(cause),
                None => self.host.$name($($arg),*),
            }
        })*
    };
}

/// What no claim asks for, or no scenario speaks of.
macro_rules! passed {
    ($($name:ident($($arg:ident: $kind:ty),*) -> $reading:ty;)*) => {
        $(fn $name(&mut self, $($arg: $kind),*) -> $reading {
            self.host.$name($($arg),*)
        })*
    };
}

impl Ports for Met<'_> {
    met! {
        make_directory(path: &str) -> Change, "makeDirectory", changed;
        make_directories(path: &str) -> Change, "makeDirectories", changed;
        inspect(path: &str) -> Found<Entry>, "inspect", Found::Failed;
        tighten(path: &str) -> Change, "tighten", changed;
        read_link(path: &str) -> Found<String>, "readLink", Found::Failed;
        make_link(target: &str, path: &str) -> Change, "makeLink", changed;
        list(path: &str) -> Found<Vec<String>>, "list", Found::Failed;
        read_text(path: &str) -> Found<String>, "readText", Found::Failed;
        create_file(path: &str, text: &str) -> Change, "createFile", changed;
        append_text(path: &str, text: &str) -> Change, "appendText", changed;
        rename(from: &str, to: &str) -> Change, "rename", changed;
        remove_file(path: &str) -> Change, "removeFile", changed;
        remove_directory(path: &str) -> Change, "removeDirectory", changed;
        remove_tree(path: &str) -> Change, "removeTree", changed;
        connect(path: &str) -> Connecting, "connect", Connecting::Errno;
        listen(path: &str) -> Change, "listen", changed;
    }
    passed! {
        now() -> Instant;
        sleep(ms: f64) -> ();
        identity() -> Identity;
        greet(within_ms: f64) -> Greeting;
        close_listener() -> ();
        look_up(pid: i64) -> Sighting;
        can_start() -> bool;
        spawn(reason: &'static str, lock_nonce: Option<&str>) -> Spawning;
        check() -> Child;
    }
}

fn word_of(outcome: ClaimOutcome) -> String {
    match outcome {
        ClaimOutcome::Claimed { generation } => format!("claimed {generation}"),
        ClaimOutcome::GaveWay { generation } => format!("gave way to {generation}"),
        ClaimOutcome::Unsettled => "unsettled".to_owned(),
    }
}

fn main() {
    let assignment = env::args().nth(1).and_then(|text| json::parse(&text)).expect("an assignment");
    let text = |name: &str| assignment.text(name).expect("a path").to_owned();
    let place = Place { root: text("root"), directory: text("directory") };
    let host = Host::new(&place.directory, &|_| Vec::new(), &|| None, false, Limits::Ignored);
    let mut ports = Met { host, assignment: &assignment, counts: HashMap::new() };
    let identity = ports.identity();
    let lock = assignment.text("lock").and_then(|nonce| handed_lock(&place.directory, nonce));
    let served = Served { name: "name", service: "/service.mjs", version: "", started_ms: 5.0 };
    let plan = ClaimPlan {
        place: &place,
        user_id: process::user_id(),
        nonce: &nonce_of(std::process::id(), "abc"),
        lock: lock.as_ref(),
        owner_text: &owner_text(&identity, &served),
    };
    println!("{}", word_of(claim(&mut ports, &plan)));
    let _ = io::stdin().read_to_end(&mut Vec::new());
}
