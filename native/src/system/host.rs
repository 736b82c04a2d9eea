//! The ports, over the machine that this process runs on.

use super::candidate::{claim_first, Claim};
use super::errno::{cause_of, change};
use super::libc::{self, PollFd, POLLIN, WNOHANG};
use super::socket::{Listener, Socket};
use super::spawn::{self, Waiting};
use super::time::{monotonic_ms, now};
use super::{appended, files, limits, process};
use crate::domain::failure::fill;
use crate::domain::identity::{vitality_of, Identity};
use crate::domain::layout;
use crate::domain::owner;
use crate::domain::ports::{
    Cause, Change, Child, ChildEnd, Connecting, Entry, Found, Greeting, Instant, Ports, Progress, Sighting,
    Spawning,
};
use crate::domain::start_ledger::{self, Asked, Start, Word};
use crate::protocol as p;
use crate::wire::greeting::{greet, Accepted};
use std::collections::hash_map::RandomState;
use std::env;
use std::ffi::CString;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Read};
use std::os::raw::c_int;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::io::AsRawFd;

/// What starts a daemon, and what a back-off counts failures of.
pub struct Launch {
    pub argv: Vec<CString>,
    /// What it is started with, beside what the start itself tells it.
    pub environment: Vec<(String, String)>,
    pub build: String,
    /// What the started process claims before it becomes the daemon; None where a service manager listens for the name.
    pub claim: Option<Claim>,
    /// Whether Node's command would start the daemon in the same way. If not, a start that fails shows that this one is wrong.
    pub is_usual: bool,
}

/// Reads it where it may be needed: most calls are spared it.
pub type FindLaunch<'a> = dyn Fn() -> Option<Launch> + 'a;

/// The head of a request, by a caller that has had a daemon started, or has not; made when somebody is there to hear it.
pub type MakeRequest<'a> = dyn Fn(bool) -> Vec<u8> + 'a;

/// Whether a limit that can't be set back keeps a daemon from being started: not where one is asked for all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limits {
    Respected,
    Ignored,
}

pub struct Host<'a> {
    directory: &'a str,
    request: &'a MakeRequest<'a>,
    find_launch: &'a FindLaunch<'a>,
    launch: Option<Launch>,
    /// Whether somebody waits for what a started process says of its start.
    with_channel: bool,
    limits: Limits,
    identity: Option<Identity>,
    opened: Option<Socket>,
    connection: Option<Socket>,
    listener: Option<Listener>,
    accepted: Option<Accepted>,
    started: Option<Started>,
}

struct Started {
    pid: c_int,
    log: Option<Log>,
    channel: Option<File>,
    said: Vec<u8>,
    words: Vec<Word>,
}

impl<'a> Host<'a> {
    /// `directory` is the one of the name.
    pub fn new(
        directory: &'a str,
        request: &'a MakeRequest<'a>,
        find_launch: &'a FindLaunch<'a>,
        with_channel: bool,
        limits: Limits,
    ) -> Host<'a> {
        Host {
            directory,
            request,
            find_launch,
            launch: None,
            with_channel,
            limits,
            identity: None,
            opened: None,
            connection: None,
            listener: None,
            accepted: None,
            started: None,
        }
    }

    /// Connects to the daemon in advance, if one is there: then sockets are not forbidden. The next connection to it is this one.
    pub fn open(&mut self) -> bool {
        self.opened = Socket::connect(&layout::current_socket(self.directory)).ok();
        self.opened.is_some()
    }

    /// The one that is held.
    pub fn take_listener(&mut self) -> Option<Listener> {
        self.listener.take()
    }

    /// The connection on which the request was taken on.
    pub fn accepted(&mut self) -> Option<Accepted> {
        self.accepted.take()
    }

    /// The latest starts, oldest first; for those whose process has gone without a word that is said in its place.
    pub fn starts(&mut self) -> Vec<Start> {
        let mut starts =
            start_ledger::parse(&appended::tail(&layout::spawns(self.directory), 0, p::LEDGER_READ_BYTES));
        let observer = self.identity();
        for start in starts.iter_mut().filter(|start| start.is_open()) {
            if let Some(identity) = start.identity.clone() {
                start.conclude(vitality_of(&identity, &observer, &process::look_up(identity.pid)));
            }
        }
        starts
    }

    /// Ends the processes of this name that were started long ago and have said nothing since, with the proof that each is the
    /// process that was started, and owns no generation.
    fn end_silent_starts(&mut self, wall_ms: f64) {
        let observer = self.identity();
        for start in self.starts() {
            let identity = match &start.identity {
                Some(identity) if wall_ms - start.started_ms >= p::SILENT_MS_MAX => identity,
                _ => continue,
            };
            let seen = process::look_up(identity.pid);
            if start.is_silent(vitality_of(identity, &observer, &seen))
                && !start.may_have_claimed(&self.owners())
                && process::kill(identity.pid)
            {
                self.note(&start_ledger::silent_text(wall_ms, identity.pid, wall_ms - start.started_ms));
            }
        }
    }

    /// Who has claimed the name, as the owner files of its generations say; None if they can't be read.
    fn owners(&self) -> Option<Vec<Identity>> {
        let names = match files::list(self.directory) {
            Found::There(names) => names,
            Found::Absent | Found::WrongType => Vec::new(),
            Found::Failed(_) => return None,
        };
        let mut owners = Vec::new();
        for generation in names.iter().filter_map(|name| layout::generation_of(name)) {
            match files::read_text(&layout::owner_in(&layout::generation(self.directory, generation))) {
                Found::There(text) => owners.extend(owner::parse(&text).map(|owner| owner.identity)),
                Found::Absent | Found::WrongType => {}
                Found::Failed(_) => return None,
            }
        }
        Some(owners)
    }

    pub fn note(&self, text: &str) {
        let (path, before) = (layout::spawns(self.directory), layout::spawns_before(self.directory));
        appended::append(&path, &before, p::LEDGER_BYTES_MAX, text);
    }

    fn start(&self, launch: &Launch, lock_nonce: Option<&str>) -> io::Result<(Started, Waiting)> {
        let log = Log::open(self.directory);
        let (channel, speaker) = match self.with_channel {
            true => spawn::pipe().map(|(reads, writes)| (Some(reads), Some(writes)))?,
            false => (None, None),
        };
        let channel_at = speaker.as_ref().map(|_| p::CHANNEL_DESCRIPTOR);
        let mut prelude = || claim_first(launch, lock_nonce, channel_at);
        let waiting =
            spawn::start(&launch.argv, log.as_ref().map(|log| &log.file), speaker.as_ref(), &mut prelude)?;
        Ok((Started { pid: waiting.pid, log, channel, said: Vec::new(), words: Vec::new() }, waiting))
    }
}

pub fn environment(launch: &Launch, lock_nonce: Option<&str>, channel: Option<c_int>) -> Vec<CString> {
    let mut variables = Vec::new();
    let mut say = |name: &str, value: &str| variables.extend(CString::new(format!("{name}={value}")));
    for (name, value) in &launch.environment {
        say(name, value);
    }
    if let Some(nonce) = lock_nonce {
        say(p::LOCK_VARIABLE, nonce);
    }
    if let Some(channel) = channel {
        say(p::CHANNEL_VARIABLE, &channel.to_string());
    }
    variables
}

/// Where a started process writes.
struct Log {
    file: File,
    /// None for one without a name.
    path: Option<String>,
    from: u64,
}

impl Log {
    /// In the directory of the name; without a name where there is no room: the reason must not be lost. A daemon without any log is
    /// better than none.
    fn open(directory: &str) -> Option<Log> {
        let path = layout::log(directory);
        let named =
            appended::open(&path, &layout::log_before(directory), p::ROTATE_LOG_BYTES).and_then(|file| {
                let from = file.metadata()?.len();
                Ok(Log { file, path: Some(path), from })
            });
        named.or_else(|_| Log::open_unnamed()).ok()
    }

    fn open_unnamed() -> io::Result<Log> {
        let path = env::temp_dir().join(format!("solod-{}-{}", std::process::id(), random_text()));
        let file = OpenOptions::new().read(true).append(true).create_new(true).mode(0o600).open(&path)?;
        fs::remove_file(path)?;
        Ok(Log { file, path: None, from: 0 })
    }

    /// The end of what has come since it was opened.
    fn tail(&mut self) -> String {
        match &self.path {
            Some(path) => appended::tail(path, self.from, p::LOG_TAIL_BYTES),
            None => appended::tail_of(&mut self.file, self.from, p::LOG_TAIL_BYTES),
        }
    }
}

const RANDOM_CHARACTERS: usize = 8;

/// Eight letters and digits that nobody else has.
pub fn random_text() -> String {
    // Seeded by the system for each.
    layout::base36(RandomState::new().build_hasher().finish(), RANDOM_CHARACTERS)
}

impl Started {
    /// What has come on the start-up channel by now.
    fn listen(&mut self) {
        let mut buffer = [0; 4096];
        while let Some(channel) = self.channel.as_mut().filter(|channel| has_news(channel, 0)) {
            match channel.read(&mut buffer) {
                Ok(count) if count > 0 && self.said.len() < p::SAID_BYTES_MAX => {
                    self.said.extend_from_slice(&buffer[..count]);
                }
                _ => self.channel = None,
            }
            self.understand();
        }
    }

    fn understand(&mut self) {
        while let Some(end) = self.said.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.said.drain(..=end).collect();
            self.words.extend(start_ledger::parse_word(String::from_utf8_lossy(&line).trim_end()));
        }
    }

    /// Who has said more than that it has claimed has told its end itself.
    fn has_spoken(&self) -> bool {
        self.words.iter().any(|word| *word != Word::Claimed)
    }
}

/// Whether a pipe can be read, or has ended.
fn has_news(pipe: &File, within_ms: c_int) -> bool {
    let mut waited = PollFd { fd: pipe.as_raw_fd(), events: POLLIN, revents: 0 };
    unsafe { libc::poll(&mut waited, 1, within_ms) > 0 }
}

/// wait(2): a status holds an exit code, or the signal that ended the process.
fn end_of(status: c_int) -> (Option<i32>, Option<String>) {
    match status & 0x7f {
        0 => (Some((status >> 8) & 0xff), None),
        signal => (None, Some(signal_name(signal))),
    }
}

/// signal(7), on x86 and ARM.
fn signal_name(number: c_int) -> String {
    const NAMES: &[&str] = &[
        "SIGHUP",
        "SIGINT",
        "SIGQUIT",
        "SIGILL",
        "SIGTRAP",
        "SIGABRT",
        "SIGBUS",
        "SIGFPE",
        "SIGKILL",
        "SIGUSR1",
        "SIGSEGV",
        "SIGUSR2",
        "SIGPIPE",
        "SIGALRM",
        "SIGTERM",
        "SIGSTKFLT",
        "SIGCHLD",
        "SIGCONT",
        "SIGSTOP",
        "SIGTSTP",
        "SIGTTIN",
        "SIGTTOU",
        "SIGURG",
        "SIGXCPU",
        "SIGXFSZ",
        "SIGVTALRM",
        "SIGPROF",
        "SIGWINCH",
        "SIGIO",
        "SIGPWR",
        "SIGSYS",
    ];
    NAMES.get(number as usize - 1).map_or_else(|| format!("signal {number}"), |name| (*name).to_owned())
}

/// What this program was called.
fn own_name() -> String {
    let name = env::args_os().next().unwrap_or_default();
    name.to_string_lossy().rsplit('/').next().unwrap_or_default().to_owned()
}

impl Ports for Host<'_> {
    fn now(&mut self) -> Instant {
        now()
    }

    /// Ends early where a started process has something to say.
    fn sleep(&mut self, ms: f64) {
        let until = monotonic_ms() + ms;
        if let Some(started) = &mut self.started {
            if let Some(channel) = &started.channel {
                if has_news(channel, ms.ceil() as c_int) {
                    started.listen();
                    return;
                }
            }
        }
        let left = until - monotonic_ms();
        if left > 0.0 {
            std::thread::sleep(std::time::Duration::from_secs_f64(left / 1_000.0));
        }
    }

    fn identity(&mut self) -> Identity {
        self.identity.get_or_insert_with(process::identity).clone()
    }

    fn make_directory(&mut self, path: &str) -> Change {
        files::make_directory(path)
    }

    fn make_directories(&mut self, path: &str) -> Change {
        files::make_directories(path)
    }

    fn inspect(&mut self, path: &str) -> Found<Entry> {
        files::inspect(path)
    }

    fn tighten(&mut self, path: &str) -> Change {
        files::tighten(path)
    }

    fn read_link(&mut self, path: &str) -> Found<String> {
        files::read_link(path)
    }

    fn make_link(&mut self, target: &str, path: &str) -> Change {
        files::make_link(target, path)
    }

    fn list(&mut self, path: &str) -> Found<Vec<String>> {
        files::list(path)
    }

    fn read_text(&mut self, path: &str) -> Found<String> {
        files::read_text(path)
    }

    fn create_file(&mut self, path: &str, text: &str) -> Change {
        files::create_file(path, text)
    }

    fn append_text(&mut self, path: &str, text: &str) -> Change {
        files::append_text(path, text)
    }

    fn rename(&mut self, from: &str, to: &str) -> Change {
        files::rename(from, to)
    }

    fn remove_file(&mut self, path: &str) -> Change {
        files::remove_file(path)
    }

    fn remove_directory(&mut self, path: &str) -> Change {
        files::remove_directory(path)
    }

    fn remove_tree(&mut self, path: &str) -> Change {
        files::remove_tree(path)
    }

    fn connect(&mut self, path: &str) -> Connecting {
        self.connection = None;
        let opened = self.opened.take().filter(|_| path == layout::current_socket(self.directory));
        match opened.map_or_else(|| Socket::connect(path), Ok) {
            Ok(socket) => {
                self.connection = Some(socket);
                Connecting::Connected
            }
            Err(reading) => reading,
        }
    }

    fn greet(&mut self, within_ms: f64) -> Greeting {
        let socket = match self.connection.take() {
            Some(socket) => socket,
            None => return Greeting::Ended(Progress::Sent),
        };
        let head = (self.request)(self.started.is_some());
        let (greeting, accepted) = greet(socket, &head, within_ms);
        self.accepted = accepted;
        greeting
    }

    fn listen(&mut self, path: &str) -> Change {
        let listening = Listener::listen(path).map(|listener| self.listener = Some(listener));
        change(listening, || format!("listen '{path}'"))
    }

    fn close_listener(&mut self) {
        self.listener = None;
    }

    fn look_up(&mut self, pid: i64) -> Sighting {
        process::look_up(pid)
    }

    /// Where a sandbox forbids to bind, Node finds out what else it forbids.
    fn can_start(&mut self) -> bool {
        if self.launch.is_some() {
            return true;
        }
        let private =
            format!("{}/{}{}", self.directory, p::TMP, layout::nonce_of(std::process::id(), &random_text()));
        if Socket::may_not_bind(&private) {
            return false;
        }
        self.launch = (self.find_launch)().filter(|launch| self.is_worth_a_try(launch));
        self.launch.is_some()
    }

    fn spawn(&mut self, reason: &'static str, lock_nonce: Option<&str>) -> Spawning {
        let launch = match self.launch.take() {
            Some(launch) => launch,
            None => {
                return Spawning::Refused(cause_of(&io::Error::from_raw_os_error(libc::ENOENT), "spawn"));
            }
        };
        let spawning = self.spawn_launch(&launch, reason, lock_nonce);
        self.launch = Some(launch);
        spawning
    }

    fn check(&mut self) -> Child {
        let started = match &mut self.started {
            Some(started) => started,
            None => return Child::Running,
        };
        let mut status = 0;
        if unsafe { libc::waitpid(started.pid, &mut status, WNOHANG) } != started.pid {
            return Child::Running;
        }
        started.listen();
        let (code, signal) = end_of(status);
        let last_output = started.log.as_mut().map(Log::tail).unwrap_or_default();
        let end = ChildEnd { code, signal, word: started.words.last().cloned(), last_output };
        let is_in_order = started.words.iter().any(|word| matches!(word, Word::Ready | Word::GaveWay));
        if !started.has_spoken() {
            let why = if code == Some(0) { String::new() } else { last_characters(end.last_output.trim()) };
            let text = start_ledger::ended_text(
                now().wall_ms,
                i64::from(started.pid),
                &why,
                code,
                end.signal.as_deref(),
            );
            self.note(&text);
        }
        if let Some(launch) = self.launch.as_ref().filter(|_| !is_in_order) {
            self.forget(launch);
        }
        Child::Ended(end)
    }
}

fn last_characters(text: &str) -> String {
    let from = text.char_indices().rev().nth(p::NOTE_CHARACTERS - 1).map_or(0, |(at, _)| at);
    text[from..].to_owned()
}

impl Host<'_> {
    /// Removes the launch file whose start has failed, if Node's command knows another way: the next start is by that one.
    fn forget(&self, launch: &Launch) {
        if !launch.is_usual {
            let _ = fs::remove_file(layout::launch(self.directory));
        }
    }

    /// A caller that did not wait for the end of its start could not see it fail.
    fn is_worth_a_try(&mut self, launch: &Launch) -> bool {
        let is_wrong = !launch.is_usual && start_ledger::has_failed(&self.starts(), &launch.build);
        if is_wrong {
            self.forget(launch);
        }
        !is_wrong
    }

    fn spawn_launch(&mut self, launch: &Launch, reason: &'static str, lock_nonce: Option<&str>) -> Spawning {
        let now = now();
        self.end_silent_starts(now.wall_ms);
        if let Some(held) = start_ledger::judge(&self.starts(), &launch.build, now) {
            return Spawning::HeldBack(held);
        }
        let (by, asker) = (std::process::id(), own_name());
        let asked = Asked { at_ms: now.wall_ms, by, asker: &asker, reason };
        if let Some(what) = limits::bound_by().filter(|_| self.limits == Limits::Respected) {
            let message = fill(p::TEXT_BOUND, &[("what", what)]);
            self.note(&start_ledger::refused_text(&asked, &message));
            return Spawning::Refused(Cause { code: p::BOUND.to_owned(), message });
        }
        match self.start(launch, lock_nonce) {
            // Until it is dropped, the process waits: its first word comes after this line in the ledger.
            Ok((started, _waiting)) => {
                let pid = i64::from(started.pid);
                self.started = Some(started);
                let start_time = match process::look_up(pid) {
                    Sighting::Present { start_time, .. } => start_time,
                    _ => String::new(),
                };
                let child = self.identity().of_child(pid, &start_time);
                self.note(&start_ledger::started_text(&child, &asked, &launch.build));
                Spawning::Spawned { pid, start_time }
            }
            Err(error) => {
                let cause = cause_of(&error, &format!("spawn {}", launch.argv[0].to_string_lossy()));
                self.note(&start_ledger::refused_text(&asked, &cause.message));
                self.forget(launch);
                Spawning::Refused(cause)
            }
        }
    }
}
