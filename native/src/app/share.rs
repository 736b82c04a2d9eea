//! `solod share`: a session with a shared MCP server, between a host's streams and whichever broker there is.
//! See `src/app/share/share-client.ts`; `install`, `ls`, `--explain` and everything out of the ordinary is
//! Node's.

use super::call::terminal;
use super::delegate;
use super::options::{Asked, Command};
use super::say::say;
use super::target::{self, Target};
use crate::domain::edition::Effort;
use crate::domain::failure::{fill, sentence, Failure};
use crate::domain::json::{parse, Json};
use crate::domain::layout::nonce_of;
use crate::domain::obtain::{obtain, Patience, Plan};
use crate::domain::share::lines::{Line, Splitter};
use crate::domain::share::relay::{Act, Relay};
use crate::domain::timing::Timing;
use crate::protocol as p;
use crate::system::host::{random_text, Host};
use crate::system::libc::{self, PollFd, POLLIN, SIGHUP, SIGINT, SIGTERM, SIG_IGN};
use crate::system::socket::{Received, Socket};
use crate::system::streams::{read_some, write_all, Reading, STDERR, STDIN, STDOUT};
use crate::system::time::monotonic_ms;
use crate::wire::chunks::{header, Decoded, Decoder};
use crate::wire::greeting::Accepted;
use crate::wire::heartbeat::Heartbeat;
use crate::wire::request::{encode, Request};
use std::env;
use std::ffi::OsString;
use std::os::raw::c_int;
use std::os::unix::process::parent_id;

/// Of which the broker hears; others are Node's to read.
const FLAGS: &[&str] = &["--per-client", "--shared", "--serial", "--any-cwd"];
const VALUES: &[&str] = &["--env", "--offer", "--idle-timeout", "--max-message"];
const BUFFER_BYTES: usize = 64 * 1024;
const LOOK_MS: f64 = 50.0;
const FIRST_REST_MS: f64 = 20.0;
const LONGEST_REST_MS: f64 = 1_000.0;

/// `argv`: what follows `share`. Returns the exit code.
pub fn run(argv: &[OsString]) -> i32 {
    let to_node = || {
        // Or Node would come back here.
        env::set_var(p::SHARE_CLIENT_VARIABLE, "node");
        delegate::run(&[&["share".into()], argv].concat())
    };
    let asked = match read(argv).filter(delegate::wants_daemon) {
        Some(asked) => asked,
        None => return to_node(),
    };
    let target = match target::resolve(&asked) {
        Some(target) => target,
        None => return to_node(),
    };
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        let handler: extern "C" fn(c_int) = leave;
        // A signal that this process was started to ignore (nohup) stays ignored.
        if unsafe { libc::signal(signal, SIG_IGN) } != SIG_IGN {
            unsafe { libc::signal(signal, handler as usize) };
        }
    }
    match Session::new(asked, target).go() {
        Some(code) => code,
        // There was never a broker: Node runs the server for this session alone.
        None => to_node(),
    }
}

extern "C" fn leave(signal: c_int) {
    unsafe { libc::_exit(128 + signal) }
}

fn read(argv: &[OsString]) -> Option<Asked> {
    let dashes = argv.iter().position(|arg| arg == "--").filter(|at| at + 1 < argv.len())?;
    let mut asked = Asked::plain(Command::Call);
    asked.service = format!("{}{}", p::SHIPPED_PREFIX, p::SHIPPED_SHARE);
    for arg in &argv[..dashes] {
        let text = arg.to_str()?;
        match text.split_once('=') {
            None if FLAGS.contains(&text) => asked.args.push(arg.clone()),
            Some((name, _)) if VALUES.contains(&name) => asked.args.push(arg.clone()),
            Some(("--state-dir", value)) => {
                asked.state_directory = Some(value.to_owned());
                asked.written.push(("state-dir".to_owned(), Some(value.to_owned())));
            }
            _ => return None,
        }
    }
    asked.args.extend_from_slice(&argv[dashes..]);
    Some(asked)
}

/// As `--max-message` says; Node says what is wrong with it.
fn message_bytes(asked: &Asked) -> usize {
    let given = asked.args.iter().rev().find_map(|arg| arg.to_str()?.strip_prefix("--max-message="));
    let text = given.unwrap_or_default();
    let digits = text.trim_end_matches(|unit: char| unit.is_ascii_uppercase());
    let factor = match &text[digits.len()..] {
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        _ => 1,
    };
    digits.parse::<usize>().map_or(p::SHARE_MESSAGE_BYTES, |count| count.saturating_mul(factor))
}

/// What was seen of a connection that has ended.
enum Ended {
    /// The host needs nothing more, or the session makes no sense.
    Finished(i32),
    Lost(String),
}

struct Session {
    asked: Asked,
    target: Target,
    relay: Relay,
    splitter: Splitter,
    parent: u32,
    /// When the host said its last.
    host_ended_ms: Option<f64>,
    is_finished: bool,
}

impl Session {
    fn new(asked: Asked, target: Target) -> Session {
        let limit = message_bytes(&asked);
        Session {
            asked,
            target,
            relay: Relay::new(limit),
            splitter: Splitter::new(limit),
            parent: parent_id(),
            host_ended_ms: None,
            is_finished: false,
        }
    }

    /// None where there was never a broker.
    fn go(&mut self) -> Option<i32> {
        let (mut rest_ms, mut lost_at_ms, mut was_open, mut was_kicked) = (FIRST_REST_MS, None, false, false);
        loop {
            let failure = match self.connect() {
                Ok(accepted) => {
                    was_open = true;
                    lost_at_ms = None;
                    rest_ms = FIRST_REST_MS;
                    match self.converse(accepted) {
                        Ended::Finished(code) => return Some(code),
                        Ended::Lost(_) => None,
                    }
                }
                Err(failure) => Some(failure),
            };
            match failure {
                // Node starts the broker, and leaves what the next start needs.
                Some(Failure::NoLaunch) if !was_kicked => {
                    was_kicked = true;
                    delegate::kick_first(&self.asked, &self.target);
                    continue;
                }
                Some(_) if !was_open => return None,
                Some(failure) => {
                    let begun_ms = *lost_at_ms.get_or_insert_with(monotonic_ms);
                    if monotonic_ms() - begun_ms >= p::SHARE_PATIENCE_MS {
                        let acts = self.relay.broker_missing(&sentence(&failure));
                        self.perform(acts, &mut Vec::new());
                    }
                    rest_ms = (rest_ms * 2.0).min(LONGEST_REST_MS);
                }
                None => {}
            }
            if let Some(code) = self.rest(rest_ms) {
                return Some(code);
            }
        }
    }

    fn connect(&self) -> Result<Accepted, Failure> {
        let (asked, target) = (&self.asked, &self.target);
        let nonce = nonce_of(std::process::id(), &random_text());
        let plan = Plan {
            place: &target.place,
            user_id: target.user_id,
            nonce: &nonce,
            timing: Timing::within(p::TOTAL_MS),
            patience: Patience::Wait,
        };
        let begun_ms = monotonic_ms();
        let request = |has_started| {
            let effort = Effort { waited_ms: monotonic_ms() - begun_ms, has_started };
            let directory = env::current_dir().unwrap_or_default();
            let request = Request {
                command: &target.name,
                args: &asked.args,
                directory: directory.as_os_str(),
                caller: target.edition.caller_text(&effort),
                terminals: [STDIN, STDOUT, STDERR].map(terminal),
            };
            encode(&request, env::vars_os())
        };
        let find_launch = || target::find_launch(target);
        let mut host =
            Host::new(&target.place.directory, &request, &find_launch, true, delegate::limits(asked));
        obtain(&mut host, &plan)?;
        host.accepted().ok_or(Failure::Vacant)
    }

    /// Hears the host while there is no broker. Returns the exit code where the session is over.
    fn rest(&mut self, ms: f64) -> Option<i32> {
        let until_ms = monotonic_ms() + ms;
        loop {
            let left = until_ms - monotonic_ms();
            if self.is_over() {
                return Some(p::EXIT_OK);
            }
            if left <= 0.0 {
                return None;
            }
            let mut stdin = PollFd { fd: STDIN, events: POLLIN, revents: 0 };
            let count = c_int::from(self.wants_input(0));
            if unsafe { libc::poll(&mut stdin, count as _, left.min(LOOK_MS).ceil() as c_int) } > 0 {
                self.read_host(&mut vec![0; BUFFER_BYTES], &mut Vec::new());
            }
        }
    }

    fn wants_input(&self, unsent: usize) -> bool {
        self.host_ended_ms.is_none()
            && unsent <= p::SHARE_UNSENT_BYTES
            && self.relay.waiting_bytes() <= p::SHARE_UNSENT_BYTES
    }

    /// A host that says no more is answered for a while what it has asked; one that has gone is not.
    fn is_over(&self) -> bool {
        let is_late = |ended_ms: f64| {
            monotonic_ms() - ended_ms >= p::SHARE_LAST_ANSWERS_MS || parent_id() != self.parent
        };
        self.is_finished || self.host_ended_ms.map_or(false, is_late)
    }

    fn read_host(&mut self, buffer: &mut [u8], unsent: &mut Vec<u8>) {
        match read_some(STDIN, buffer) {
            Reading::Bytes(count) => {
                let mut lines = Vec::new();
                self.splitter.take(&buffer[..count], &mut |line| lines.push(line));
                for line in lines {
                    let acts = match line {
                        Line::Whole(line) => self.relay.host_line(line),
                        Line::TooLong { head, tail, bytes } => self.relay.host_too_long(&head, &tail, bytes),
                    };
                    self.perform(acts, unsent);
                }
            }
            Reading::Nothing => {}
            Reading::End | Reading::Failed(_) => {
                self.host_ended_ms = Some(monotonic_ms());
                let acts = self.relay.host_ended();
                self.perform(acts, unsent);
            }
        }
    }

    fn perform(&mut self, acts: Vec<Act>, unsent: &mut Vec<u8>) {
        for act in acts {
            match act {
                Act::ToHost(mut line) => {
                    line.push(b'\n');
                    // Nobody reads any more: there is no host.
                    self.is_finished |= write_all(STDOUT, &line).is_err();
                }
                Act::ToBroker(line) => {
                    unsent.extend_from_slice(&line);
                    unsent.push(b'\n');
                }
                Act::Finish => self.is_finished = true,
            }
        }
    }

    fn converse(&mut self, accepted: Accepted) -> Ended {
        let Accepted { socket, decoder, early, rest } = accepted;
        let mut link = Link {
            socket,
            unsent: Vec::new(),
            outbox: Vec::new(),
            input: Input::Unopened,
            heartbeat: Heartbeat::begin(),
            lines: Splitter::new(usize::MAX),
            side_lines: Splitter::new(p::SHARE_UNSENT_BYTES),
            taken: None,
        };
        let ended = self.carry(&mut link, decoder, &early, &rest);
        let words = match ended {
            Ended::Finished(code) if code != p::EXIT_OK => return Ended::Finished(code),
            Ended::Finished(_) => p::TEXT_SHARE_CANCELLED.to_owned(),
            Ended::Lost(words) => words,
        };
        let acts = self.relay.broker_lost(link.taken, &words);
        self.perform(acts, &mut Vec::new());
        if self.is_over() {
            return Ended::Finished(p::EXIT_OK);
        }
        Ended::Lost(words)
    }

    fn carry(
        &mut self,
        link: &mut Link,
        mut decoder: Decoder,
        early: &[(u8, Vec<u8>)],
        rest: &[u8],
    ) -> Ended {
        for (kind, bytes) in early {
            if let Some(ended) = self.take(link, *kind, bytes) {
                return ended;
            }
        }
        let mut buffer = vec![0; BUFFER_BYTES];
        let mut ended = self.decode(link, &mut decoder, rest);
        while ended.is_none() {
            if self.is_over() {
                return Ended::Finished(p::EXIT_OK);
            }
            link.fill_outbox();
            let wants_input = self.wants_input(link.unsent.len() + link.outbox.len());
            let ready =
                link.socket.wait_with_input(!link.outbox.is_empty(), wants_input, self.patience(link));
            if ready.readable {
                ended = match link.socket.receive(&mut buffer) {
                    Received::Bytes(count) => {
                        let bytes = buffer[..count].to_vec();
                        self.decode(link, &mut decoder, &bytes)
                    }
                    Received::Nothing => None,
                    Received::End => Some(Ended::Lost(p::TEXT_HUNG_UP.to_owned())),
                    Received::Failed(cause) => Some(Ended::Lost(cause.message)),
                };
                // What the host says now is for the next broker.
                if ended.is_some() {
                    break;
                }
            }
            if ready.input {
                self.read_host(&mut buffer, &mut link.unsent);
            }
            if ready.writable {
                link.send();
            }
            link.heartbeat.beat(&mut link.outbox);
        }
        ended.unwrap_or_else(|| Ended::Lost(String::new()))
    }

    fn patience(&self, link: &Link) -> f64 {
        let beat_ms = link.heartbeat.left_ms();
        if self.host_ended_ms.is_some() {
            beat_ms.min(LOOK_MS)
        } else {
            beat_ms
        }
    }

    fn decode(&mut self, link: &mut Link, decoder: &mut Decoder, bytes: &[u8]) -> Option<Ended> {
        let mut ended = None;
        decoder.decode(bytes, &mut |decoded| {
            ended = match decoded {
                Decoded::Piece { kind, bytes } | Decoded::Whole { kind, bytes } => {
                    self.take(link, kind, bytes)
                }
                Decoded::Violation(_) => Some(Ended::Lost(p::TEXT_HUNG_UP.to_owned())),
            };
            ended.is_none()
        });
        ended
    }

    fn take(&mut self, link: &mut Link, kind: u8, bytes: &[u8]) -> Option<Ended> {
        match kind {
            p::CHUNK_OUTPUT => {
                let mut lines = Vec::new();
                link.lines.take(bytes, &mut |line| lines.push(line));
                for line in lines {
                    if let Line::Whole(line) = line {
                        let acts = self.relay.broker_line(line);
                        self.perform(acts, &mut link.unsent);
                    }
                }
                None
            }
            p::CHUNK_ERROR_OUTPUT => {
                let mut lines = Vec::new();
                link.side_lines.take(bytes, &mut |line| lines.push(line));
                lines.iter().find_map(|line| Session::take_side_line(link, line))
            }
            p::CHUNK_EXIT => Some(Ended::Lost(p::TEXT_SHARE_ENDS.to_owned())),
            _ => {
                if link.input == Input::Unopened {
                    let acts = self.relay.broker_opened();
                    self.perform(acts, &mut link.unsent);
                }
                link.input = Input::Asked;
                None
            }
        }
    }

    /// What a broker tells beside the messages; see `src/app/share/side-channel.ts`.
    fn take_side_line(link: &mut Link, line: &Line) -> Option<Ended> {
        let text = match line {
            Line::Whole(line) => String::from_utf8_lossy(line),
            Line::TooLong { .. } => return None,
        };
        let message = parse(&text).unwrap_or(Json::Null);
        match message.text("kind") {
            Some("taken") => link.taken = message.number("lines").map(|lines| lines as usize),
            Some("note") => say(message.text("text").unwrap_or_default()),
            Some("cut-off") => {
                let bytes = message.number("unreadBytes").unwrap_or_default().to_string();
                say(&fill(p::TEXT_SHARE_CUT_OFF, &[("bytes", &bytes)]));
            }
            Some("refused") => {
                say(message.text("text").unwrap_or_default());
                return Some(Ended::Finished(p::EXIT_USAGE));
            }
            _ => {}
        }
        None
    }
}

#[derive(PartialEq)]
enum Input {
    /// The broker has not asked for anything.
    Unopened,
    NotAsked,
    Asked,
}

/// A connection to a broker.
struct Link {
    socket: Socket,
    /// Lines that wait until the broker asks for input.
    unsent: Vec<u8>,
    /// Chunks on their way.
    outbox: Vec<u8>,
    input: Input,
    heartbeat: Heartbeat,
    lines: Splitter,
    side_lines: Splitter,
    taken: Option<usize>,
}

impl Link {
    /// One chunk for each time that the broker asks.
    fn fill_outbox(&mut self) {
        if self.input != Input::Asked || self.unsent.is_empty() {
            return;
        }
        let count = self.unsent.len().min(p::INPUT_CHUNK_BYTES);
        self.outbox.extend_from_slice(&header(p::CHUNK_INPUT, count));
        self.outbox.extend(self.unsent.drain(..count));
        self.input = Input::NotAsked;
    }

    fn send(&mut self) {
        // A failure to send says nothing: what the broker had to say may still be read, and then comes the
        // end.
        let sent = self.socket.send(&self.outbox).unwrap_or(self.outbox.len());
        self.outbox.drain(..sent);
    }
}
