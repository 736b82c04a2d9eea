//! Feeds whatever comes to what reads the bytes of other processes: `fuzz [seconds] [seed]`. A crash ends it with the seed of the
//! round on stderr, which a second run takes.

use solod_client::domain::{edition, json, owner, spawn_lock, start_ledger};
use solod_client::protocol as p;
use solod_client::wire::chunks::{push_chunk, Decoded, Decoder};
use std::env;
use std::panic;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Marsaglia's xorshift64*, which needs no library.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Random {
        // Zero stays zero for ever.
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }
}

const TYPES: &[u8] = &[p::CHUNK_OUTPUT, p::CHUNK_ERROR_OUTPUT, p::CHUNK_INPUT_REQUEST, p::CHUNK_EXIT];
const CHUNKS_MAX: usize = 12;
const PAYLOAD_MAX: usize = 200;

/// Chunks as a daemon sends them, in part with a few bytes changed, or nothing but noise.
fn stream(random: &mut Random) -> Vec<u8> {
    if random.below(4) == 0 {
        let count = random.below(4 * PAYLOAD_MAX);
        return random.bytes(count);
    }
    let mut bytes = Vec::new();
    for _ in 0..random.below(CHUNKS_MAX) {
        let kind = TYPES[random.below(TYPES.len())];
        let length = if random.below(3) == 0 { 0 } else { random.below(PAYLOAD_MAX) };
        let payload = random.bytes(length);
        push_chunk(&mut bytes, kind, &payload);
    }
    for _ in 0..random.below(3) {
        let at = random.below(bytes.len());
        if let Some(byte) = bytes.get_mut(at) {
            *byte = random.next() as u8;
        }
    }
    bytes
}

/// What the decoder says, with the pieces of one chunk put together again; None ends a chunk that is empty.
fn decode(bytes: &[u8], mut cut: impl FnMut(usize) -> usize) -> Vec<(u8, Vec<u8>)> {
    let mut decoder = Decoder::default();
    let mut said: Vec<(u8, Vec<u8>)> = Vec::new();
    let mut is_over = false;
    let mut rest = bytes;
    while !rest.is_empty() {
        let (part, after) = rest.split_at(cut(rest.len()).clamp(1, rest.len()));
        rest = after;
        let used = decoder.decode(part, &mut |decoded| {
            assert!(!is_over, "something after a violation");
            match decoded {
                Decoded::Piece { kind, bytes } => match said.last_mut() {
                    Some((last, joined)) if *last == kind => joined.extend_from_slice(bytes),
                    _ => said.push((kind, bytes.to_vec())),
                },
                Decoded::Whole { kind, bytes } => {
                    assert!(bytes.len() <= p::SMALL_LIMIT_BYTES as usize, "a small chunk is small");
                    said.push((kind, bytes.to_vec()));
                    // A mark, so that two of a kind stay two.
                    said.push((0, Vec::new()));
                }
                Decoded::Violation(violation) => {
                    is_over = true;
                    said.push((255, format!("{violation:?}").into_bytes()));
                }
            }
            true
        });
        assert!(used <= part.len(), "no more is used than there is");
        assert!(is_over || used == part.len(), "nothing is left behind");
    }
    let taken: usize = said.iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(is_over || taken <= bytes.len(), "no more comes out than went in");
    said
}

/// Words that the readers look for, in any order.
const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\\u",
    "\\ud83d",
    "\\n",
    "null",
    "true",
    "-",
    "0",
    "1e9",
    "1e999",
    ".5",
    "pid",
    "\"pid\":",
    "\"startTime\":\"1\"",
    "\"bootId\":\"\"",
    "\"pidNamespace\":\"\"",
    "\"kind\":\"started\"",
    "\"atMs\":1",
    "\"kind\":\"ended\"",
    "\"nonce\":\"7-a\"",
    "\n",
    "defineService(",
    "defineService({ name: '",
    "version:",
    "run",
    "'",
    "\u{feff}",
    "\u{2028}",
    "é",
    "😀",
    "\0",
];

fn text(random: &mut Random) -> String {
    (0..random.below(60)).map(|_| WORDS[random.below(WORDS.len())]).collect()
}

fn round(seed: u64) {
    let mut random = Random::new(seed);
    let bytes = stream(&mut random);
    let whole = decode(&bytes, |length| length);
    assert_eq!(decode(&bytes, |_| 1), whole, "byte by byte");
    assert_eq!(decode(&bytes, |length| random.below(length)), whole, "cut anywhere");

    let mut random = Random::new(seed ^ 1);
    let text = text(&mut random);
    let value = json::parse(&text);
    assert_eq!(json::parse(&json::quoted(&text)), Some(json::Json::Text(text.clone())));
    assert!(value.is_some() || owner::parse(&text).is_none(), "an owner is JSON");
    spawn_lock::parse_record("7-a", &text);
    start_ledger::parse_word(&text);
    let starts = start_ledger::parse(&text);
    assert!(starts.len() <= text.split('\n').count(), "a start a line");
    for found in [edition::own_name(&text), edition::own_version(&text)].iter().flatten() {
        assert!(!found.contains('\n'));
    }
    assert!(edition::name_from_path(&text).is_ascii());
}

/// The round that is under way.
static SEED: AtomicU64 = AtomicU64::new(0);

fn run(first: u64, is_over: impl Fn(u64) -> bool) -> u64 {
    let mut rounds = 0;
    while !is_over(rounds) {
        let seed = first.wrapping_add(rounds);
        SEED.store(seed, Ordering::Relaxed);
        round(seed);
        rounds += 1;
    }
    rounds
}

fn main() -> ExitCode {
    let numbers: Option<Vec<u64>> = env::args().skip(1).map(|arg| arg.parse().ok()).collect();
    let (seconds, seed) = match numbers.as_deref() {
        Some([]) => (10, 1),
        Some([seconds]) => (*seconds, 1),
        Some([seconds, seed]) => (*seconds, *seed),
        _ => {
            eprintln!("fuzz: [seconds] [seed]");
            return ExitCode::from(64);
        }
    };
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |why| {
        report(why);
        eprintln!("fuzz: seed {}", SEED.load(Ordering::Relaxed));
    }));
    let until = Instant::now() + Duration::from_secs(seconds);
    // The clock is looked at now and then.
    let rounds = run(seed, |rounds| rounds % 256 == 0 && rounds > 0 && Instant::now() >= until);
    println!("{rounds} rounds in {seconds} s, from seed {seed}: no crash");
    ExitCode::SUCCESS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_rounds() {
        assert_eq!(run(1, |rounds| rounds == 20_000), 20_000);
    }

    #[test]
    fn a_decoder_holds_little_whatever_comes() {
        assert!(std::mem::size_of::<Decoder>() < 128);
    }
}
