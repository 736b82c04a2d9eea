//! An accepted call, seen from the caller: carries its own streams until the exit code comes, or something breaks. One loop around
//! poll(2), and no thread: stdin is read when the daemon asks, a chunk for each request, and written is what has come.

use super::chunks::{header, push_chunk, violation_text, Decoded, Violation};
use super::greeting::Accepted;
use super::heartbeat::Heartbeat;
use crate::domain::failure::fill;
use crate::domain::ports::Cause;
use crate::protocol as p;
use crate::system::socket::{Received, Socket};
use crate::system::streams::{is_terminal, read_some, write_all, Reading, STDERR, STDIN, STDOUT};

pub enum End {
    /// The service has ended, and all of its output has been written.
    Exited(i32),
    /// The connection ended without an exit code. The call may have been carried out or not.
    Lost(Cause),
    /// A stream of the caller's own failed, its reader having gone away (EPIPE), say; so the call was given up.
    Broken { stream: &'static str, cause: Cause },
}

/// On the stack, for the answers that come at once: to have the large buffer made takes longer than such a call.
const SMALL_BYTES: usize = 4 * 1024;
const SMALL_TURNS: u32 = 2;
const BUFFER_BYTES: usize = 256 * 1024;

struct Conversation {
    socket: Socket,
    outbox: Vec<u8>,
    sent: usize,
    /// The daemon waits for a chunk of input, or its end.
    input: Input,
    /// How many bytes it takes unasked.
    credit: usize,
    has_offered: bool,
    heartbeat: Heartbeat,
}

#[derive(PartialEq)]
enum Input {
    NotAsked,
    Asked,
    Ended,
}

pub fn converse(accepted: Accepted) -> End {
    let Accepted { socket, mut decoder, early, rest } = accepted;
    let mut conversation = Conversation {
        socket,
        outbox: Vec::new(),
        sent: 0,
        input: Input::NotAsked,
        credit: 0,
        has_offered: false,
        heartbeat: Heartbeat::begin(),
    };
    let mut end = None;
    for (kind, bytes) in &early {
        end = end.or_else(|| conversation.take_whole(*kind, bytes));
    }
    let mut take = |conversation: &mut Conversation, bytes: &[u8]| {
        let mut end = None;
        decoder.decode(bytes, &mut |decoded| {
            end = match decoded {
                Decoded::Piece { kind, bytes } | Decoded::Whole { kind, bytes } => {
                    conversation.take_whole(kind, bytes)
                }
                Decoded::Violation(violation) => Some(lost(&violation)),
            };
            end.is_none()
        });
        end
    };
    end = end.or_else(|| take(&mut conversation, &rest));
    let mut small = [0; SMALL_BYTES];
    for _ in 0..SMALL_TURNS {
        end = end.or_else(|| conversation.turn(&mut small, &mut take));
    }
    let mut buffer = end.as_ref().map_or_else(|| vec![0; BUFFER_BYTES], |_| Vec::new());
    loop {
        if let Some(end) = end {
            return end;
        }
        end = conversation.turn(&mut buffer, &mut take);
    }
}

impl Conversation {
    /// Waits for whatever comes first, and does that. What the daemon has said by now is read before anything is sent: one that has
    /// answered closes its end without waiting, and writing to it would break the connection.
    fn turn(
        &mut self,
        buffer: &mut [u8],
        take: &mut dyn FnMut(&mut Conversation, &[u8]) -> Option<End>,
    ) -> Option<End> {
        let unsent = self.sent < self.outbox.len();
        let asked = self.input == Input::Asked;
        let ready = self.socket.wait_with_input(unsent, asked, self.heartbeat.left_ms());
        if ready.readable {
            return match self.socket.receive(buffer) {
                Received::Bytes(count) => take(self, &buffer[..count]),
                Received::Nothing => None,
                Received::End => Some(End::Lost(Cause::new("EOF", p::TEXT_HUNG_UP))),
                Received::Failed(cause) => Some(End::Lost(cause)),
            };
        }
        if ready.input {
            return self.read_input(buffer);
        }
        if ready.writable {
            self.send();
        }
        self.heartbeat.beat(&mut self.outbox);
        None
    }

    fn take_whole(&mut self, kind: u8, bytes: &[u8]) -> Option<End> {
        match kind {
            p::CHUNK_OUTPUT => write_out("stdout", STDOUT, bytes),
            p::CHUNK_ERROR_OUTPUT => write_out("stderr", STDERR, bytes),
            p::CHUNK_EXIT => Some(exit(bytes)),
            _ => {
                self.asked(bytes);
                None
            }
        }
    }

    /// Without digits it is a request for one chunk: asked again before the answer, it is the same.
    fn asked(&mut self, digits: &[u8]) {
        let digits = String::from_utf8_lossy(digits);
        self.credit += digits.trim().parse::<usize>().unwrap_or(0).min(p::INPUT_CHUNK_BYTES);
        match self.input {
            Input::NotAsked => self.input = Input::Asked,
            Input::Asked => {}
            Input::Ended => self.answer_end(),
        }
    }

    /// With the first chunk goes the offer to take credit. A terminal's input is never read ahead: what its user types next may be
    /// another program's.
    fn offer(&mut self) {
        if !self.has_offered && !is_terminal(STDIN) {
            push_chunk(&mut self.outbox, p::CHUNK_HEARTBEAT, p::CREDIT_OFFER.as_bytes());
        }
        self.has_offered = true;
    }

    fn read_input(&mut self, buffer: &mut [u8]) -> Option<End> {
        let granted = if self.credit > 0 { self.credit } else { p::INPUT_CHUNK_BYTES };
        let limit = buffer.len().min(granted);
        match read_some(STDIN, &mut buffer[..limit]) {
            Reading::Bytes(count) => {
                self.offer();
                self.credit -= self.credit.min(count);
                self.outbox.extend_from_slice(&header(p::CHUNK_INPUT, count));
                self.outbox.extend_from_slice(&buffer[..count]);
                if self.credit == 0 {
                    self.input = Input::NotAsked;
                }
                None
            }
            Reading::End => {
                self.input = Input::Ended;
                self.answer_end();
                None
            }
            Reading::Nothing => None,
            Reading::Failed(cause) => Some(End::Broken { stream: "stdin", cause }),
        }
    }

    fn answer_end(&mut self) {
        if self.input == Input::Ended {
            push_chunk(&mut self.outbox, p::CHUNK_INPUT_END, &[]);
        }
    }

    fn send(&mut self) {
        // A failure to send says nothing: what the daemon had to say may still be read, and then comes the end.
        self.sent += self.socket.send(&self.outbox[self.sent..]).unwrap_or(self.outbox.len());
        if self.sent >= self.outbox.len() {
            self.outbox.clear();
            self.sent = 0;
        }
    }
}

fn write_out(stream: &'static str, descriptor: i32, bytes: &[u8]) -> Option<End> {
    write_all(descriptor, bytes).err().map(|cause| End::Broken { stream, cause })
}

/// `^\d+$` with white space around it, at most 255.
fn exit(bytes: &[u8]) -> End {
    let text = String::from_utf8_lossy(bytes);
    let digits = text.trim();
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    match digits.parse::<u64>() {
        Ok(code) if is_number && code <= 255 => End::Exited(code as i32),
        _ => lost(&Violation::NoExitCode(text.into_owned())),
    }
}

fn lost(violation: &Violation) -> End {
    End::Lost(Cause::new("EPROTO", &fill(p::TEXT_SENT, &[("violation", &violation_text(violation))])))
}
