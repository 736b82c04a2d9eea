//! The ports in memory, for what no real directory does when it is told to: errors at a given call, and a clock that passes when
//! somebody sleeps.

use super::identity::Identity;
use super::ports::*;
use std::collections::BTreeMap;

enum Node {
    Directory { user_id: u32 },
    File(String),
    Link(String),
}

/// A call that fails: its name, a part of a path, the errno, how often.
pub struct Fault(pub &'static str, pub &'static str, pub &'static str, pub u32);

pub const USER_ID: u32 = 1_000;

pub struct Memory {
    nodes: BTreeMap<String, Node>,
    pub clock_ms: f64,
    pub faults: Vec<Fault>,
    /// What connect(2) says, in turn; the last one for ever. Empty: connected.
    pub connects: Vec<&'static str>,
    pub greetings: Vec<Greeting>,
    /// Why processes were started.
    pub spawns: Vec<&'static str>,
    /// Whether a started process listens from then on.
    pub comes_up: bool,
    /// Whether this process holds a listener.
    pub listens: bool,
    /// Another candidate's generation, which `current` names once this process has published one of its own.
    pub repoints_to: Option<&'static str>,
}

impl Memory {
    pub fn with_directories(paths: &[&str]) -> Memory {
        let made = paths.iter().map(|path| ((*path).to_owned(), Node::Directory { user_id: USER_ID }));
        Memory {
            nodes: made.collect(),
            clock_ms: 1_000_000.0,
            faults: Vec::new(),
            connects: vec!["ENOENT"],
            greetings: Vec::new(),
            spawns: Vec::new(),
            comes_up: true,
            listens: false,
            repoints_to: None,
        }
    }

    pub fn give_to(&mut self, path: &str, user_id: u32) {
        self.nodes.insert(path.to_owned(), Node::Directory { user_id });
    }

    pub fn write(&mut self, path: &str, text: &str) {
        self.nodes.insert(path.to_owned(), Node::File(text.to_owned()));
    }

    pub fn has(&self, path: &str) -> bool {
        self.nodes.contains_key(path)
    }

    fn below(&self, path: &str) -> Vec<String> {
        let inside = format!("{path}/");
        self.nodes.keys().filter(|key| key.starts_with(&inside)).cloned().collect()
    }

    /// The error that was planted for this call.
    fn strike(&mut self, call: &str, path: &str) -> Option<Cause> {
        let meets = |fault: &&mut Fault| fault.0 == call && path.contains(fault.1) && fault.3 > 0;
        let fault = self.faults.iter_mut().find(meets)?;
        fault.3 -= 1;
        Some(Cause::new(fault.2, "planted"))
    }

    fn change(&mut self, call: &str, path: &str, act: impl FnOnce(&mut Memory) -> Change) -> Change {
        match self.strike(call, path) {
            Some(cause) if cause.code == "ENOENT" => Change::Absent,
            Some(cause) => Change::Failed(cause),
            None => act(self),
        }
    }
}

impl Ports for Memory {
    fn now(&mut self) -> Instant {
        Instant { monotonic_ms: self.clock_ms, wall_ms: self.clock_ms }
    }

    fn sleep(&mut self, ms: f64) {
        self.clock_ms += ms;
    }

    fn identity(&mut self) -> Identity {
        Identity { pid: 7, start_time: "1".into(), boot_id: "boot".into(), pid_namespace: "namespace".into() }
    }

    fn make_directory(&mut self, path: &str) -> Change {
        self.change("make_directory", path, |memory| match memory.has(path) {
            true => Change::Occupied,
            false => {
                memory.give_to(path, USER_ID);
                Change::Done
            }
        })
    }

    fn make_directories(&mut self, path: &str) -> Change {
        self.make_directory(path)
    }

    fn inspect(&mut self, path: &str) -> Found<Entry> {
        if let Some(cause) = self.strike("inspect", path) {
            return Found::Failed(cause);
        }
        let (kind, user_id) = match self.nodes.get(path) {
            Some(Node::Directory { user_id }) => (EntryType::Directory, *user_id),
            Some(Node::File(_)) => (EntryType::File, USER_ID),
            Some(Node::Link(_)) => (EntryType::Link, USER_ID),
            None => return Found::Absent,
        };
        Found::There(Entry { kind, user_id, mode: 0o700, modified_ms: self.clock_ms })
    }

    fn tighten(&mut self, _: &str) -> Change {
        Change::Done
    }

    fn read_link(&mut self, path: &str) -> Found<String> {
        match (self.strike("read_link", path), self.nodes.get(path)) {
            (Some(cause), _) => Found::Failed(cause),
            (None, Some(Node::Link(target))) => Found::There(target.clone()),
            (None, Some(_)) => Found::WrongType,
            (None, None) => Found::Absent,
        }
    }

    fn make_link(&mut self, target: &str, path: &str) -> Change {
        self.change("make_link", path, |memory| {
            memory.nodes.insert(path.to_owned(), Node::Link(target.to_owned()));
            Change::Done
        })
    }

    fn list(&mut self, path: &str) -> Found<Vec<String>> {
        match self.nodes.get(path) {
            Some(Node::Directory { .. }) => {
                let names = self.below(path).into_iter().map(|key| key[path.len() + 1..].to_owned());
                Found::There(names.filter(|name| !name.contains('/')).collect())
            }
            Some(_) => Found::WrongType,
            None => Found::Absent,
        }
    }

    fn read_text(&mut self, path: &str) -> Found<String> {
        match self.nodes.get(path) {
            Some(Node::File(text)) => Found::There(text.clone()),
            Some(_) => Found::WrongType,
            None => Found::Absent,
        }
    }

    fn create_file(&mut self, path: &str, text: &str) -> Change {
        self.change("create_file", path, |memory| {
            memory.write(path, text);
            Change::Done
        })
    }

    fn append_text(&mut self, path: &str, text: &str) -> Change {
        match self.nodes.get_mut(path) {
            Some(Node::File(held)) => {
                held.push_str(text);
                Change::Done
            }
            _ => Change::Absent,
        }
    }

    fn rename(&mut self, from: &str, to: &str) -> Change {
        self.change("rename", to, |memory| {
            if !memory.below(to).is_empty() {
                return Change::Occupied;
            }
            let moved = [vec![from.to_owned()], memory.below(from)].concat();
            for key in moved {
                if let Some(node) = memory.nodes.remove(&key) {
                    memory.nodes.insert(format!("{to}{}", &key[from.len()..]), node);
                }
            }
            if to == "/s/n/1" {
                if let Some(other) = memory.repoints_to.take() {
                    memory.nodes.insert("/s/n/current".to_owned(), Node::Link(other.to_owned()));
                    memory.connects = vec!["ECONNREFUSED"];
                }
            }
            Change::Done
        })
    }

    fn remove_file(&mut self, path: &str) -> Change {
        self.change("remove_file", path, |memory| match memory.nodes.get(path) {
            Some(Node::File(_) | Node::Link(_)) => {
                memory.nodes.remove(path);
                Change::Done
            }
            Some(Node::Directory { .. }) => Change::WrongType,
            None => Change::Absent,
        })
    }

    fn remove_directory(&mut self, path: &str) -> Change {
        if !self.below(path).is_empty() {
            return Change::Occupied;
        }
        self.nodes.remove(path).map_or(Change::Absent, |_| Change::Done)
    }

    fn remove_tree(&mut self, path: &str) -> Change {
        for key in [vec![path.to_owned()], self.below(path)].concat() {
            self.nodes.remove(&key);
        }
        Change::Done
    }

    fn connect(&mut self, _: &str) -> Connecting {
        let said = if self.connects.len() > 1 {
            Some(self.connects.remove(0))
        } else {
            self.connects.first().copied()
        };
        said.map_or(Connecting::Connected, |code| Connecting::Errno(Cause::new(code, "planted")))
    }

    fn greet(&mut self, _: f64) -> Greeting {
        if self.greetings.is_empty() {
            Greeting::Accepted
        } else {
            self.greetings.remove(0)
        }
    }

    fn listen(&mut self, path: &str) -> Change {
        self.change("listen", path, |memory| {
            memory.write(path, "");
            memory.listens = true;
            Change::Done
        })
    }

    fn close_listener(&mut self) {
        self.listens = false;
    }

    fn look_up(&mut self, _: i64) -> Sighting {
        Sighting::Gone
    }

    fn can_start(&mut self) -> bool {
        true
    }

    fn spawn(&mut self, reason: &'static str, _: Option<&str>) -> Spawning {
        self.spawns.push(reason);
        if self.comes_up {
            self.connects.clear();
        }
        Spawning::Spawned { pid: 8, start_time: "2".into() }
    }

    fn check(&mut self) -> Child {
        Child::Running
    }
}
