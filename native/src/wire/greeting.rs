//! The daemon's first word: a chunk of stdout, however empty, accepts; stderr and an exit code alone refuse.

use super::chunks::{violation_text, Decoded, Decoder};
use crate::domain::failure::fill;
use crate::domain::ports::{Greeting, Progress};
use crate::protocol as p;
use crate::system::socket::{Readiness, Received, Socket};
use crate::system::time::monotonic_ms;

/// A connection on which a request has been taken on.
pub struct Accepted {
    pub socket: Socket,
    pub decoder: Decoder,
    /// What has been decoded already, by its types, and belongs to the call.
    pub early: Vec<(u8, Vec<u8>)>,
    /// What has come after that.
    pub rest: Vec<u8>,
}

#[derive(Default)]
struct FirstWord {
    decoder: Decoder,
    early: Vec<(u8, Vec<u8>)>,
    early_bytes: usize,
    rest: Vec<u8>,
    progress: Progress,
    /// How often the daemon has said that the request is queued.
    queued_words: usize,
}

/// On the stack. The first word is short, and most answers are.
const BUFFER_BYTES: usize = 4 * 1024;

/// Sends the request, and waits for the first word. Closes the connection unless the request was taken on; a request that was not has
/// not been begun, and will not be.
///
/// `within_ms`: the last word may take `LAST_WORD_MS` more. A daemon that sees the end of the caller's half before it has begun does
/// not begin; one that has begun has said so, and then it is a call like any other. While the request is queued, the time is
/// `QUEUED_MS`.
pub fn greet(mut socket: Socket, request: &[u8], within_ms: f64) -> (Greeting, Option<Accepted>) {
    let mut word = FirstWord::default();
    let mut deadline = monotonic_ms() + within_ms;
    let mut is_silent = false;
    // A fresh connection takes what it has room for at once.
    let mut unsent = &request[socket.send(request).unwrap_or(request.len())..];
    let mut buffer = [0; BUFFER_BYTES];
    loop {
        let left = deadline - monotonic_ms();
        let ready = socket.wait(true, !unsent.is_empty(), left.max(0.0));
        if ready.readable {
            match socket.receive(&mut buffer) {
                Received::Bytes(count) => {
                    let before = word.queued_words;
                    if let Some(greeting) = word.take(&buffer[..count]) {
                        return word.settle(greeting, socket);
                    }
                    if word.queued_words > before {
                        let more_ms = if is_silent { p::LAST_WORD_MS } else { p::QUEUED_MS };
                        deadline = monotonic_ms() + more_ms;
                    }
                }
                Received::Nothing => {}
                Received::End | Received::Failed(_) if is_silent => return (Greeting::Silent, None),
                Received::End | Received::Failed(_) => return (Greeting::Ended(word.progress), None),
            }
        } else if ready.writable {
            // A failure to send says nothing: what the daemon had to say may still be read.
            unsent = &unsent[socket.send(unsent).unwrap_or(unsent.len())..];
        } else if ready == Readiness::NONE && monotonic_ms() >= deadline {
            // A caller that was stopped finds its time over and the word unread, so it gives up only where there was nothing to read.
            if is_silent {
                return (Greeting::Silent, None);
            }
            is_silent = true;
            unsent = &[];
            socket.end();
            deadline = monotonic_ms() + p::LAST_WORD_MS;
        }
    }
}

impl FirstWord {
    fn take(&mut self, bytes: &[u8]) -> Option<Greeting> {
        let mut greeting = None;
        let (early, early_bytes) = (&mut self.early, &mut self.early_bytes);
        let (progress, queued_words) = (&mut self.progress, &mut self.queued_words);
        let used = self.decoder.decode(bytes, &mut |decoded| {
            if decoded == (Decoded::Piece { kind: p::CHUNK_ERROR_OUTPUT, bytes: &[] }) {
                *progress = Progress::Queued;
                *queued_words += 1;
            }
            if let Decoded::Piece { kind, bytes } | Decoded::Whole { kind, bytes } = decoded {
                *early_bytes += bytes.len();
                // Of nothing there may be any amount.
                if !bytes.is_empty() || kind != p::CHUNK_ERROR_OUTPUT {
                    early.push((kind, bytes.to_vec()));
                }
            }
            greeting = match decoded {
                Decoded::Violation(violation) => Some(Greeting::Declined {
                    message: fill(p::TEXT_FOREIGN, &[("violation", &violation_text(&violation))]),
                    exit_code: p::REFUSAL_FOREIGN,
                }),
                Decoded::Whole { kind: p::CHUNK_EXIT, bytes } => Some(refused(bytes, text(early), *progress)),
                Decoded::Piece { kind: p::CHUNK_ERROR_OUTPUT, .. }
                    if *early_bytes <= p::MESSAGE_LIMIT_BYTES =>
                {
                    None
                }
                Decoded::Piece { kind: p::CHUNK_ERROR_OUTPUT, .. } => {
                    Some(Greeting::Declined { message: text(early), exit_code: p::REFUSAL_INTERNAL })
                }
                Decoded::Piece { .. } | Decoded::Whole { .. } => Some(Greeting::Accepted),
            };
            greeting.is_none()
        });
        self.rest = bytes[used..].to_vec();
        greeting
    }

    fn settle(self, greeting: Greeting, socket: Socket) -> (Greeting, Option<Accepted>) {
        let FirstWord { decoder, early, rest, .. } = self;
        let accepted =
            Some(Accepted { socket, decoder, early, rest }).filter(|_| greeting == Greeting::Accepted);
        (greeting, accepted)
    }
}

fn refused(code: &[u8], message: String, progress: Progress) -> Greeting {
    match leading_number(code) {
        p::REFUSAL_DRAINING => Greeting::Draining { upgrade: false, progress },
        p::REFUSAL_UPGRADING => Greeting::Draining { upgrade: true, progress },
        p::REFUSAL_OUTDATED => Greeting::Outdated { message },
        code if code > 0 => Greeting::Declined { message, exit_code: code },
        _ => Greeting::Declined { message, exit_code: p::REFUSAL_FOREIGN },
    }
}

/// As JavaScript's parseInt; 0 for no number.
fn leading_number(bytes: &[u8]) -> i32 {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start();
    let digits: String =
        text.strip_prefix('+').unwrap_or(text).chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

/// What came on stderr.
fn text(early: &[(u8, Vec<u8>)]) -> String {
    let said: Vec<&[u8]> = early
        .iter()
        .filter(|(kind, _)| *kind == p::CHUNK_ERROR_OUTPUT)
        .map(|(_, bytes)| bytes.as_slice())
        .collect();
    String::from_utf8_lossy(&said.concat()).trim_end().to_owned()
}
