//! The framing of what a daemon sends: a big-endian length (4 bytes), a type (1 byte), the payload. Pure, and takes no more memory
//! than one header and one small chunk, whatever comes.

use crate::domain::failure::fill;
use crate::domain::json::quoted;
use crate::protocol as p;

/// How a peer broke the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    UnknownType(u8),
    TooLong { kind: u8, bytes: u32 },
    NoExitCode(String),
}

pub fn violation_text(violation: &Violation) -> String {
    match violation {
        Violation::UnknownType(byte) => fill(p::TEXT_UNKNOWN_TYPE, &[("byte", &byte.to_string())]),
        Violation::TooLong { kind, bytes } => fill(
            p::TEXT_TOO_LONG,
            &[
                ("type", &char::from(*kind).to_string()),
                ("bytes", &bytes.to_string()),
                ("limit", &p::SMALL_LIMIT_BYTES.to_string()),
            ],
        ),
        Violation::NoExitCode(text) => fill(p::TEXT_NO_EXIT_CODE, &[("text", &quoted(text))]),
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decoded<'a> {
    /// As much of a chunk of output as there was; an empty chunk is one empty piece.
    Piece { kind: u8, bytes: &'a [u8] },
    /// A small chunk, complete.
    Whole { kind: u8, bytes: &'a [u8] },
    /// The last thing decoded: nothing that follows can be trusted to be a chunk.
    Violation(Violation),
}

enum State {
    Header,
    Collecting { kind: u8, length: usize },
    Passing { kind: u8, left: u32 },
    Broken,
}

/// Takes the bytes of one direction, cut anywhere, and says which chunks they are.
pub struct Decoder {
    state: State,
    /// The header, or the small chunk, that is being collected.
    held: [u8; p::SMALL_LIMIT_BYTES as usize],
    filled: usize,
}

impl Default for Decoder {
    fn default() -> Decoder {
        Decoder { state: State::Header, held: [0; p::SMALL_LIMIT_BYTES as usize], filled: 0 }
    }
}

impl Decoder {
    /// Calls `take` for each chunk, or piece of one; it says whether it wants more.
    /// Returns how many bytes were used.
    pub fn decode(&mut self, bytes: &[u8], take: &mut dyn FnMut(Decoded) -> bool) -> usize {
        let mut used = 0;
        while used < bytes.len() && !matches!(self.state, State::Broken) {
            let (taken, goes_on) = self.step(&bytes[used..], take);
            used += taken;
            if !goes_on {
                break;
            }
        }
        used
    }

    fn step(&mut self, bytes: &[u8], take: &mut dyn FnMut(Decoded) -> bool) -> (usize, bool) {
        match self.state {
            State::Header => {
                let taken = self.hold(bytes, p::HEADER_BYTES);
                (taken, self.filled < p::HEADER_BYTES || self.begin(take))
            }
            State::Collecting { kind, length } => {
                let taken = self.hold(bytes, length);
                (taken, self.filled < length || self.deliver(kind, length, take))
            }
            State::Passing { kind, left } => {
                let taken = bytes.len().min(left as usize);
                let left = left - taken as u32;
                self.state = if left == 0 { State::Header } else { State::Passing { kind, left } };
                (taken, take(Decoded::Piece { kind, bytes: &bytes[..taken] }))
            }
            State::Broken => (bytes.len(), false),
        }
    }

    fn hold(&mut self, bytes: &[u8], length: usize) -> usize {
        let taken = bytes.len().min(length - self.filled);
        self.held[self.filled..self.filled + taken].copy_from_slice(&bytes[..taken]);
        self.filled += taken;
        taken
    }

    fn begin(&mut self, take: &mut dyn FnMut(Decoded) -> bool) -> bool {
        let [a, b, c, d, kind] = [self.held[0], self.held[1], self.held[2], self.held[3], self.held[4]];
        let length = u32::from_be_bytes([a, b, c, d]);
        self.filled = 0;
        match kind {
            p::CHUNK_OUTPUT | p::CHUNK_ERROR_OUTPUT if length == 0 => {
                take(Decoded::Piece { kind, bytes: &[] })
            }
            p::CHUNK_OUTPUT | p::CHUNK_ERROR_OUTPUT => {
                self.state = State::Passing { kind, left: length };
                true
            }
            p::CHUNK_INPUT_REQUEST | p::CHUNK_EXIT if length == 0 => {
                take(Decoded::Whole { kind, bytes: &[] })
            }
            p::CHUNK_INPUT_REQUEST | p::CHUNK_EXIT if length <= p::SMALL_LIMIT_BYTES => {
                self.state = State::Collecting { kind, length: length as usize };
                true
            }
            p::CHUNK_INPUT_REQUEST | p::CHUNK_EXIT => {
                self.break_off(Violation::TooLong { kind, bytes: length }, take)
            }
            byte => self.break_off(Violation::UnknownType(byte), take),
        }
    }

    fn deliver(&mut self, kind: u8, length: usize, take: &mut dyn FnMut(Decoded) -> bool) -> bool {
        self.state = State::Header;
        self.filled = 0;
        take(Decoded::Whole { kind, bytes: &self.held[..length] })
    }

    fn break_off(&mut self, violation: Violation, take: &mut dyn FnMut(Decoded) -> bool) -> bool {
        self.state = State::Broken;
        take(Decoded::Violation(violation));
        false
    }
}

/// Appends a chunk.
pub fn push_chunk(into: &mut Vec<u8>, kind: u8, payload: &[u8]) {
    into.extend_from_slice(&header(kind, payload.len()));
    into.extend_from_slice(payload);
}

/// `bytes` is less than 2^32: an argument list is bounded by the kernel, input by `INPUT_CHUNK_BYTES`.
pub fn header(kind: u8, bytes: usize) -> [u8; p::HEADER_BYTES] {
    let [a, b, c, d] = (bytes as u32).to_be_bytes();
    [a, b, c, d, kind]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode_cut(bytes: &[u8], every: usize) -> Vec<String> {
        let mut decoder = Decoder::default();
        let mut found = Vec::new();
        for part in bytes.chunks(every) {
            decoder.decode(part, &mut |decoded| {
                found.push(format!("{decoded:?}"));
                true
            });
        }
        found
    }

    fn stream(chunks: &[(u8, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (kind, payload) in chunks {
            push_chunk(&mut bytes, *kind, payload);
        }
        bytes
    }

    #[test]
    fn reads_every_type_however_it_is_cut() {
        let bytes = stream(&[(b'1', b""), (b'1', b"x"), (b'S', b""), (b'2', b"y"), (b'X', b"127")]);
        let whole = decode_cut(&bytes, bytes.len());
        assert_eq!(whole.len(), 5);
        for every in 1..bytes.len() {
            assert_eq!(decode_cut(&bytes, every), whole, "cut every {every}");
        }
    }

    #[test]
    fn a_long_chunk_comes_in_pieces() {
        let bytes = stream(&[(b'1', &[7; 1000])]);
        assert_eq!(decode_cut(&bytes, 300).len(), 4);
    }

    #[test]
    fn stops_for_good_at_a_violation() {
        let bytes = stream(&[(b'1', b"x"), (b'A', b"no"), (b'1', b"x")]);
        assert_eq!(decode_cut(&bytes, 1).last().unwrap(), "Violation(UnknownType(65))");
        let long = header(b'X', 65);
        assert_eq!(decode_cut(&long, 5), ["Violation(TooLong { kind: 88, bytes: 65 })"]);
    }

    #[test]
    fn stops_where_nobody_wants_more() {
        let bytes = stream(&[(b'1', b""), (b'1', b"rest")]);
        let mut decoder = Decoder::default();
        assert_eq!(decoder.decode(&bytes, &mut |_| false), 5);
    }
}
