//! Passes lines between a host and a broker, and keeps what the next broker must be told where one dies; see
//! `relay-machine.ts`.

use super::message::{
    cancellation_line, error_line, id_of_cut, list_changed_lines, read_message, text_at, value_key, Message,
};
use super::spans::{members_of, replace_in, Span};
use crate::domain::failure::fill;
use crate::domain::json::quoted;
use crate::protocol as p;

/// A request of the host's that has no answer yet.
struct HostRequest {
    key: String,
    id_token: Vec<u8>,
    batch: Option<usize>,
    /// Where in the order of all lines to this broker; None where it has not been sent.
    sent_as: Option<usize>,
    /// The whole line, where it is short enough to be kept.
    line: Option<Vec<u8>>,
    method: String,
    subject: Vec<u8>,
}

/// What is to be done, in this order.
#[derive(Debug, PartialEq, Eq)]
pub enum Act {
    ToHost(Vec<u8>),
    ToBroker(Vec<u8>),
    /// The host needs nothing more.
    Finish,
}

#[derive(Default)]
struct Session {
    greeting: Option<Vec<u8>>,
    is_initialized: bool,
    log_level: Option<Vec<u8>>,
    subscriptions: Vec<Vec<u8>>,
}

pub struct Relay {
    message_bytes: usize,
    is_open: bool,
    host_has_ended: bool,
    rounds: usize,
    waiting: Vec<Vec<u8>>,
    sent: usize,
    next_batch: usize,
    requests: Vec<HostRequest>,
    session: Session,
    questions: Vec<Vec<u8>>,
    acts: Vec<Act>,
}

/// How a request came.
#[derive(Clone)]
struct Sending {
    sent_as: Option<usize>,
    batch: Option<usize>,
    line: Option<Vec<u8>>,
}

impl Relay {
    pub fn new(message_bytes: usize) -> Relay {
        Relay {
            message_bytes,
            is_open: false,
            host_has_ended: false,
            rounds: 0,
            waiting: Vec::new(),
            sent: 0,
            next_batch: 0,
            requests: Vec::new(),
            session: Session::default(),
            questions: Vec::new(),
            acts: Vec::new(),
        }
    }

    pub fn waiting_bytes(&self) -> usize {
        self.waiting.iter().map(Vec::len).sum()
    }

    pub fn host_line(&mut self, line: Vec<u8>) -> Vec<Act> {
        let sent_as = Some(self.sent).filter(|_| self.is_open);
        match read_message(&line) {
            Message::Batch(items) => {
                self.next_batch += 1;
                let sending = Sending { sent_as, batch: Some(self.next_batch), line: None };
                for item in items {
                    let part = item.of(&line).to_vec();
                    self.note(&part, read_message(&part), sending.clone());
                }
            }
            message => {
                let kept = Some(&line).filter(|line| line.len() <= p::SHARE_KEPT_BYTES).cloned();
                self.note(&line, message, Sending { sent_as, batch: None, line: kept });
            }
        }
        if self.is_open {
            self.send(line);
        } else {
            self.waiting.push(line);
        }
        self.done()
    }

    pub fn host_too_long(&mut self, head: &[u8], tail: &[u8], bytes: usize) -> Vec<Act> {
        let id = id_of_cut(head, tail).unwrap_or_else(|| b"null".to_vec());
        let limit = self.message_bytes.to_string();
        let message = fill(p::TEXT_SHARE_TOO_LONG, &[("bytes", &bytes.to_string()), ("limit", &limit)]);
        let line = error_line(&id, p::SHARE_INVALID_REQUEST, &message);
        if let Some(at) = self.questions.iter().position(|token| *token == id) {
            // An answer that the server waits for: it gets another one.
            self.questions.remove(at);
            self.send(line);
        } else {
            self.acts.push(Act::ToHost(line));
        }
        self.done()
    }

    pub fn host_ended(&mut self) -> Vec<Act> {
        self.host_has_ended = true;
        self.done()
    }

    pub fn broker_opened(&mut self) -> Vec<Act> {
        self.is_open = true;
        self.sent = 0;
        if self.rounds > 0 {
            self.replay();
        }
        for line in std::mem::take(&mut self.waiting) {
            for key in keys_in(&line) {
                let sent = self.sent;
                for request in self.requests.iter_mut().filter(|request| request.key == key) {
                    request.sent_as = Some(sent);
                }
            }
            self.send(line);
        }
        self.done()
    }

    pub fn broker_line(&mut self, line: Vec<u8>) -> Vec<Act> {
        match read_message(&line) {
            Message::Batch(items) => {
                for item in items {
                    let part = item.of(&line);
                    if let Message::Response { id, result } = read_message(part) {
                        self.note_answer(part, id, result);
                    }
                }
            }
            Message::Response { id, result } => {
                let token = id.of(&line);
                if token.starts_with(format!("\"{}", p::SHARE_REPLAY).as_bytes()) {
                    let greeting = format!("\"{}greeting", p::SHARE_REPLAY);
                    if let Some(result) = result.filter(|_| token.starts_with(greeting.as_bytes())) {
                        // Whatever the next broker lists may be other than before.
                        self.acts.extend(list_changed_lines(&line, result).into_iter().map(Act::ToHost));
                    }
                    return self.done();
                }
                self.note_answer(&line, id, result);
            }
            Message::Request { id, .. } => self.questions.push(id.of(&line).to_vec()),
            _ => {}
        }
        self.acts.push(Act::ToHost(line));
        self.done()
    }

    /// `taken`: how many lines it has seen, where it said so.
    pub fn broker_lost(&mut self, taken: Option<usize>, words: &str) -> Vec<Act> {
        if !self.is_open {
            return self.done();
        }
        self.is_open = false;
        self.rounds += 1;
        for token in std::mem::take(&mut self.questions) {
            self.acts.push(Act::ToHost(cancellation_line(&token, p::TEXT_SHARE_TAKEN_BACK)));
        }
        let mut failed = Vec::new();
        for mut request in std::mem::take(&mut self.requests) {
            match &request.line {
                Some(line) if is_unseen(&request, taken) => {
                    self.waiting.push(line.clone());
                    request.sent_as = None;
                    self.requests.push(request);
                }
                _ => failed.push(request),
            }
        }
        self.fail(failed, &fill(p::TEXT_SHARE_LOST, &[("words", words)]));
        self.done()
    }

    /// There is none, and has not been for a while: nobody is to wait any longer.
    pub fn broker_missing(&mut self, words: &str) -> Vec<Act> {
        self.waiting.clear();
        let failed = std::mem::take(&mut self.requests);
        self.fail(failed, &fill(p::TEXT_SHARE_MISSING, &[("words", words)]));
        self.done()
    }

    fn done(&mut self) -> Vec<Act> {
        let mut acts = std::mem::take(&mut self.acts);
        // A host that has ended still reads what it asked for.
        if self.host_has_ended && self.requests.is_empty() {
            acts.push(Act::Finish);
        }
        acts
    }

    fn send(&mut self, line: Vec<u8>) {
        self.sent += 1;
        self.acts.push(Act::ToBroker(line));
    }

    /// What the host says that must be known later.
    fn note(&mut self, line: &[u8], message: Message, sending: Sending) {
        match message {
            Message::Request { method, id, params } => {
                if method == "initialize" {
                    self.session.greeting = Some(line.to_vec());
                }
                let id_token = id.of(line).to_vec();
                let key = value_key(&id_token);
                let subject = subject_of(line, &method, params);
                let Sending { sent_as, batch, line } = sending;
                self.requests.retain(|request| request.key != key);
                self.requests.push(HostRequest { key, id_token, batch, sent_as, line, method, subject });
            }
            Message::Notification { method, params } => match method.as_str() {
                "notifications/initialized" => self.session.is_initialized = true,
                "notifications/cancelled" => self.note_cancellation(line, params),
                _ => {}
            },
            Message::Response { id, .. } => self.questions.retain(|token| token != id.of(line)),
            Message::Batch(_) | Message::Other => {}
        }
    }

    fn note_cancellation(&mut self, line: &[u8], params: Option<Span>) {
        let at = params
            .and_then(|params| members_of(line, params.from))
            .and_then(|members| members.last("requestId"));
        if let Some(at) = at {
            let key = value_key(at.of(line));
            self.requests.retain(|request| request.key != key || request.method == "initialize");
        }
    }

    fn note_answer(&mut self, line: &[u8], id: Span, result: Option<Span>) {
        let key = value_key(id.of(line));
        let at = match self.requests.iter().position(|request| request.key == key) {
            Some(at) => at,
            None => return,
        };
        let HostRequest { method, subject, .. } = self.requests.remove(at);
        if result.is_none() {
            return;
        }
        let subscriptions = &mut self.session.subscriptions;
        match method.as_str() {
            "logging/setLevel" => self.session.log_level = Some(subject),
            "resources/subscribe" if !subscriptions.contains(&subject) => subscriptions.push(subject),
            "resources/unsubscribe" => subscriptions.retain(|uri| *uri != subject),
            _ => {}
        }
    }

    fn replay(&mut self) {
        let greeting = match &self.session.greeting {
            Some(greeting) => greeting.clone(),
            None => return,
        };
        // Where the handshake itself was under way, it goes again as it is.
        if self.requests.iter().any(|request| request.method == "initialize") {
            return;
        }
        let rounds = self.rounds;
        let id = |what: &str| format!("\"{}{what}-{rounds}\"", p::SHARE_REPLAY);
        if let Message::Request { id: at, .. } = read_message(&greeting) {
            self.send(replace_in(&greeting, at, id("greeting").as_bytes()));
        }
        if self.session.is_initialized {
            self.send(b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}".to_vec());
        }
        if let Some(level) = self.session.log_level.clone() {
            self.send(request_line(&id("level"), "logging/setLevel", &level));
        }
        for (n, params) in self.session.subscriptions.clone().iter().enumerate() {
            self.send(request_line(&id(&format!("subscription-{}", n + 1)), "resources/subscribe", params));
        }
    }

    fn fail(&mut self, requests: Vec<HostRequest>, message: &str) {
        let mut batches: Vec<(usize, Vec<Vec<u8>>)> = Vec::new();
        for request in requests {
            let line = error_line(&request.id_token, p::SHARE_INTERNAL_ERROR, message);
            match request.batch {
                None => self.acts.push(Act::ToHost(line)),
                Some(batch) => match batches.iter_mut().find(|(own, _)| *own == batch) {
                    Some((_, lines)) => lines.push(line),
                    None => batches.push((batch, vec![line])),
                },
            }
        }
        for (_, lines) in batches {
            self.acts.push(Act::ToHost([b"[".as_slice(), &lines.join(&b','), b"]"].concat()));
        }
    }
}

/// The parameters that are told the next broker, if the request is granted.
fn subject_of(line: &[u8], method: &str, params: Option<Span>) -> Vec<u8> {
    match method {
        "logging/setLevel" => params.map_or_else(Vec::new, |params| params.of(line).to_vec()),
        "resources/subscribe" | "resources/unsubscribe" => {
            let uri = text_at(line, params, "uri").unwrap_or_default();
            format!("{{\"uri\":{}}}", quoted(&uri)).into_bytes()
        }
        _ => Vec::new(),
    }
}

fn request_line(id: &str, method: &str, params: &[u8]) -> Vec<u8> {
    let head = format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"{method}\",\"params\":");
    [head.as_bytes(), params, b"}"].concat()
}

fn keys_in(line: &[u8]) -> Vec<String> {
    let parts = match read_message(line) {
        Message::Batch(items) => items.iter().map(|item| item.of(line)).collect(),
        _ => vec![line],
    };
    let key = |part: &&[u8]| match read_message(part) {
        Message::Request { id, .. } => Some(value_key(id.of(part))),
        _ => None,
    };
    parts.iter().filter_map(key).collect()
}

/// Nothing of it can have been carried out: the handshake is the broker's to answer, and a line that it has
/// not taken is not the server's.
fn is_unseen(request: &HostRequest, taken: Option<usize>) -> bool {
    let is_untaken = |at: usize| taken.map_or(false, |taken| at >= taken);
    request.method == "initialize" || request.sent_as.map_or(true, is_untaken)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: &str = "{\"id\":0,\"method\":\"initialize\",\"params\":{\"x\":1.0}}";

    fn host(relay: &mut Relay, line: &str) -> Vec<String> {
        shown(relay.host_line(line.into()))
    }

    fn broker(relay: &mut Relay, line: &str) -> Vec<String> {
        shown(relay.broker_line(line.into()))
    }

    fn shown(acts: Vec<Act>) -> Vec<String> {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        acts.into_iter()
            .map(|act| match act {
                Act::ToHost(line) => format!("< {}", text(line)),
                Act::ToBroker(line) => format!("> {}", text(line)),
                Act::Finish => "finish".into(),
            })
            .collect()
    }

    fn greeted() -> Relay {
        let mut relay = Relay::new(1000);
        relay.broker_opened();
        host(&mut relay, HELLO);
        broker(&mut relay, "{\"id\":0,\"result\":{}}");
        host(&mut relay, "{\"method\":\"notifications/initialized\"}");
        relay
    }

    #[test]
    fn tells_the_next_broker_what_the_host_had_set_up() {
        let mut relay = greeted();
        host(&mut relay, "{\"id\":1,\"method\":\"resources/subscribe\",\"params\":{\"uri\":\"a\"}}");
        broker(&mut relay, "{\"id\":1,\"result\":{}}");
        host(&mut relay, "{\"id\":2,\"method\":\"tools/call\"}");
        let lost = shown(relay.broker_lost(None, "killed"));
        assert_eq!(lost.len(), 1);
        assert!(
            lost[0].starts_with("< {\"jsonrpc\":\"2.0\",\"id\":2,\"error\":{\"code\":-32603"),
            "{lost:?}"
        );
        host(&mut relay, "{\"id\":3,\"method\":\"tools/list\"}");
        let opened = shown(relay.broker_opened());
        assert_eq!(
            opened,
            [
                "> {\"id\":\"solod-replay-greeting-1\",\"method\":\"initialize\",\"params\":{\"x\":1.0}}",
                "> {\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}",
                "> {\"jsonrpc\":\"2.0\",\"id\":\"solod-replay-subscription-1-1\",\"method\":\"resources/subscribe\",\"params\":{\"uri\":\"a\"}}",
                "> {\"id\":3,\"method\":\"tools/list\"}",
            ]
        );
        let answer = "{\"id\":\"solod-replay-greeting-1\",\"result\":{\"capabilities\":{\"tools\":{}}}}";
        let told = broker(&mut relay, answer);
        assert_eq!(told, ["< {\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}"]);
    }

    #[test]
    fn asks_again_only_what_nobody_can_have_done() {
        let mut relay = Relay::new(1000);
        host(&mut relay, HELLO);
        relay.broker_opened();
        assert!(relay.broker_lost(None, "killed").is_empty());
        assert_eq!(shown(relay.broker_opened()), [format!("> {HELLO}")]);
        broker(&mut relay, "{\"id\":0,\"result\":{}}");
        host(&mut relay, "{\"id\":1,\"method\":\"a\"}");
        host(&mut relay, "{\"id\":2,\"method\":\"b\"}");
        assert_eq!(relay.broker_lost(Some(2), "ended").len(), 1);
        assert_eq!(shown(relay.broker_opened()).last().unwrap(), "> {\"id\":2,\"method\":\"b\"}");
    }

    #[test]
    fn finishes_when_the_host_waits_for_nothing() {
        let mut relay = greeted();
        host(&mut relay, "[{\"id\":1,\"method\":\"a\"},{\"id\":2,\"method\":\"a\"}]");
        assert!(relay.host_ended().is_empty());
        assert_eq!(
            broker(&mut relay, "[{\"id\":1,\"result\":{}},{\"id\":2,\"result\":{}}]").last().unwrap(),
            "finish"
        );
    }

    #[test]
    fn answers_what_is_too_long() {
        let told = shown(greeted().host_too_long(b"{\"id\":7,\"x\":\"", b"\"}", 2000));
        assert!(told[0].contains("\"id\":7,\"error\":{\"code\":-32600"), "{told:?}");
    }

    #[test]
    fn answers_the_server_where_the_hosts_answer_is_too_long() {
        let mut relay = greeted();
        broker(&mut relay, "{\"id\":\"q\",\"method\":\"sampling/createMessage\"}");
        let told = shown(relay.host_too_long(b"{\"id\":\"q\",\"result\":{\"x\":\"", b"\"}}", 2000));
        assert_eq!(told.len(), 1);
        assert!(
            told[0].starts_with("> {\"jsonrpc\":\"2.0\",\"id\":\"q\",\"error\":{\"code\":-32600"),
            "{told:?}"
        );
    }
}
