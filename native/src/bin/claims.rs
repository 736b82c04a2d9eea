//! A candidate for a name, for the scenarios in `test/conformance/claims`. `claims <assignment>` takes its part in one as JSON, prints
//! its outcome, and lives until its stdin ends.

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

/// The ports of the machine. Before a call that the scenario names, this process fails it, waits, or dies.
struct Scripted<'a> {
    host: Host<'a>,
    assignment: &'a Json,
    counts: HashMap<&'static str, u32>,
}

impl Scripted<'_> {
    /// Dies or waits if the scenario says so for this call of a method, by its name in TypeScript. Returns the error that is planted.
    fn before(&mut self, method: &'static str) -> Option<Cause> {
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

fn failed_change(cause: Cause) -> Change {
    match cause.code.as_str() {
        "ENOENT" => Change::Absent,
        "EEXIST" => Change::Occupied,
        _ => Change::Failed(cause),
    }
}

/// Methods that a scenario may name.
macro_rules! scripted {
    ($($name:ident($($arg:ident: $kind:ty),*) -> $reading:ty, $method:literal, $failed:expr;)*) => {
        $(fn $name(&mut self, $($arg: $kind),*) -> $reading {
            match self.before($method) {
                Some(cause) => $failed(cause),
                None => self.host.$name($($arg),*),
            }
        })*
    };
}

/// Methods that no scenario names.
macro_rules! passed {
    ($($name:ident($($arg:ident: $kind:ty),*) -> $reading:ty;)*) => {
        $(fn $name(&mut self, $($arg: $kind),*) -> $reading {
            self.host.$name($($arg),*)
        })*
    };
}

impl Ports for Scripted<'_> {
    scripted! {
        make_directory(path: &str) -> Change, "makeDirectory", failed_change;
        make_directories(path: &str) -> Change, "makeDirectories", failed_change;
        inspect(path: &str) -> Found<Entry>, "inspect", Found::Failed;
        tighten(path: &str) -> Change, "tighten", failed_change;
        read_link(path: &str) -> Found<String>, "readLink", Found::Failed;
        make_link(target: &str, path: &str) -> Change, "makeLink", failed_change;
        list(path: &str) -> Found<Vec<String>>, "list", Found::Failed;
        read_text(path: &str) -> Found<String>, "readText", Found::Failed;
        create_file(path: &str, text: &str) -> Change, "createFile", failed_change;
        append_text(path: &str, text: &str) -> Change, "appendText", failed_change;
        rename(from: &str, to: &str) -> Change, "rename", failed_change;
        remove_file(path: &str) -> Change, "removeFile", failed_change;
        remove_directory(path: &str) -> Change, "removeDirectory", failed_change;
        remove_tree(path: &str) -> Change, "removeTree", failed_change;
        connect(path: &str) -> Connecting, "connect", Connecting::Errno;
        listen(path: &str) -> Change, "listen", failed_change;
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
    let mut ports = Scripted { host, assignment: &assignment, counts: HashMap::new() };
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
