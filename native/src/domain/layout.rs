//! Where everything of one daemon name lies; the table stands in `src/domain/place/layout.ts`.

use crate::protocol as p;

pub fn current_socket(directory: &str) -> String {
    format!("{directory}/{}/{}", p::NAME_CURRENT, p::NAME_SOCKET)
}

pub fn current_owner(directory: &str) -> String {
    format!("{directory}/{}/{}", p::NAME_CURRENT, p::NAME_OWNER)
}

pub fn current(directory: &str) -> String {
    format!("{directory}/{}", p::NAME_CURRENT)
}

pub fn generation(directory: &str, generation: u32) -> String {
    format!("{directory}/{generation}")
}

pub fn generation_socket(directory: &str, n: u32) -> String {
    socket_in(&generation(directory, n))
}

/// In a generation, or in what becomes one.
pub fn socket_in(generation: &str) -> String {
    format!("{generation}/{}", p::NAME_SOCKET)
}

pub fn owner_in(generation: &str) -> String {
    format!("{generation}/{}", p::NAME_OWNER)
}

/// What a supervisor listens on, where one was set up.
pub fn handed_socket(directory: &str) -> String {
    format!("{directory}/{}", p::NAME_HANDED)
}

/// Each attempt of a candidate has a private directory of its own, and so a nonce.
pub fn attempt_nonce(nonce: &str, attempt: u32) -> String {
    format!("{nonce}-{attempt}")
}

pub fn private(directory: &str, nonce: &str) -> String {
    format!("{directory}/{}{nonce}", p::TMP)
}

pub fn private_link(directory: &str, nonce: &str) -> String {
    format!("{directory}/{}{nonce}.link", p::TMP)
}

/// Where a candidate's own generation goes when it withdraws.
pub fn trash(directory: &str, nonce: &str) -> String {
    format!("{directory}/{}{nonce}", p::TRASH)
}

pub fn swept_generation(directory: &str, nonce: &str, generation: u32) -> String {
    format!("{directory}/{}{nonce}.{generation}", p::TRASH)
}

/// Where a directory goes that stands in the way of `current`.
pub fn displaced_current(directory: &str, nonce: &str) -> String {
    format!("{directory}/{}{nonce}.current", p::TRASH)
}

/// The generation that a directory entry, or the target of `current`, names: `^[1-9][0-9]{0,8}$`.
pub fn generation_of(text: &str) -> Option<u32> {
    let is_number = (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number && !text.starts_with('0'))
}

/// Counted from 1.
pub fn generation_after(last: Option<u32>) -> u32 {
    last.unwrap_or_default() + 1
}

/// The process that a private name belongs to; None where the name is not one of ours.
pub fn maker_of(name: &str) -> Option<i64> {
    let nonce = name.strip_prefix(p::TMP)?;
    let nonce = [".lock", ".link", ".launch"].iter().find_map(|end| nonce.strip_suffix(end)).unwrap_or(nonce);
    nonce.split('-').next().filter(|_| is_nonce(nonce))?.parse().ok()
}

/// The record of a scope, a directory with two links.
pub fn scope_record(root: &str) -> String {
    format!("{root}/{}", p::SCOPE_RECORD)
}

pub fn private_scope_record(root: &str, nonce: &str) -> String {
    format!("{root}/{}{nonce}.scope", p::TMP)
}

pub fn lock(directory: &str) -> String {
    format!("{directory}/{}", p::NAME_LOCK)
}

pub fn lock_record(directory: &str, nonce: &str) -> String {
    format!("{directory}/{}/{nonce}", p::NAME_LOCK)
}

pub fn private_lock(directory: &str, nonce: &str) -> String {
    format!("{directory}/{}{nonce}.lock", p::TMP)
}

pub fn private_lock_record(directory: &str, nonce: &str) -> String {
    format!("{directory}/{}{nonce}.lock/{nonce}", p::TMP)
}

/// Where a lock goes that no solod made.
pub fn evicted_lock(directory: &str, nonce: &str) -> String {
    format!("{directory}/{}{nonce}.lock", p::TRASH)
}

pub fn evicted_lock_record(directory: &str, nonce: &str, record: &str) -> String {
    format!("{directory}/{}{nonce}.lock/{record}", p::TRASH)
}

pub fn log(directory: &str) -> String {
    format!("{directory}/{}", p::NAME_LOG)
}

/// What it held before.
pub fn log_before(directory: &str) -> String {
    format!("{directory}/{}", p::NAME_LOG_BEFORE)
}

pub fn spawns(directory: &str) -> String {
    format!("{directory}/{}", p::NAME_SPAWNS)
}

pub fn spawns_before(directory: &str) -> String {
    format!("{directory}/{}", p::NAME_SPAWNS_BEFORE)
}

pub fn launch(directory: &str) -> String {
    format!("{directory}/{}", p::NAME_LAUNCH)
}

pub fn nonce_of(pid: u32, random: &str) -> String {
    format!("{pid}-{random}")
}

/// `^[0-9]{1,10}-[0-9a-z-]{1,20}$`
pub fn is_nonce(text: &str) -> bool {
    let (pid, random) = match text.split_once('-') {
        Some(parts) => parts,
        None => return false,
    };
    let is_random = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase() || byte == b'-';
    (1..=10).contains(&pid.len())
        && pid.bytes().all(|byte| byte.is_ascii_digit())
        && (1..=20).contains(&random.len())
        && random.bytes().all(is_random)
}

/// `^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`
pub fn is_name(name: &str) -> bool {
    let first = name.as_bytes().first();
    name.len() <= 64
        && first.map_or(false, u8::is_ascii_alphanumeric)
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

const RADIX: u64 = 36;
const HASH_CHARACTERS: usize = 13;

/// 64-bit FNV-1a (draft-eastlake-fnv), as 13 characters of base 36.
pub fn short_hash(text: &str) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    base36(hash, HASH_CHARACTERS)
}

/// The last so many digits.
pub fn base36(mut number: u64, characters: usize) -> String {
    let mut digits = vec![b'0'; characters];
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdefghijklmnopqrstuvwxyz"[(number % RADIX) as usize];
        number /= RADIX;
    }
    digits.into_iter().map(char::from).collect()
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub root: String,
    pub directory: String,
}

/// Holds the directories of names whose own path is too long.
pub struct ShortRoot {
    pub root: String,
    /// Keeps callers of two scopes apart that share it.
    pub salt: String,
}

pub fn fits_socket_path(directory: &str) -> bool {
    let longest_tail = 1 + p::TMP.len() + p::NONCE_LENGTH_MAX + 1 + p::NAME_SOCKET.len();
    directory.len() + longest_tail < p::SUN_PATH_BYTES
}

/// The directory of a name. Where its socket's path would not fit, a short one takes its place. None if only Node can tell.
pub fn place_of(root: &str, label: &str, short: &dyn Fn() -> Option<ShortRoot>) -> Option<Place> {
    let directory = format!("{root}/{label}");
    if fits_socket_path(&directory) {
        return Some(Place { root: root.to_owned(), directory });
    }
    let short = short()?;
    let directory = format!("{}/{}", short.root, short_hash(&(directory + &short.salt)));
    Some(Place { root: short.root, directory })
}

/// One daemon per name, or one per name and project.
pub fn label_of(name: &str, project: Option<&str>) -> String {
    match project {
        Some(root) => format!("{name}@{}", short_hash(root)),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_as_published() {
        // draft-eastlake-fnv, 64 bits: "" and "foobar".
        assert_eq!(short_hash(""), base36(0xcbf2_9ce4_8422_2325, 13));
        assert_eq!(short_hash("foobar"), base36(0x8594_4171_f739_67e8, 13));
    }

    #[test]
    fn knows_nonces_and_names() {
        assert!(is_nonce("7-a") && is_nonce("1234567890-abc-def"));
        assert!(!["", "7", "7-", "-a", "7-A", "12345678901-a", "x7-a"].iter().any(|text| is_nonce(text)));
        assert!(is_name("a") && is_name("9.x_y-z") && is_name(&"n".repeat(64)));
        assert!(!["", ".a", "-a", "a/b", "é"].iter().any(|text| is_name(text)) && !is_name(&"n".repeat(65)));
    }

    #[test]
    fn knows_generations_and_makers() {
        for (text, generation) in [("1", Some(1)), ("999999999", Some(999_999_999))] {
            assert_eq!(generation_of(text), generation);
        }
        assert!(["", "0", "01", "+1", "1234567890", "x"].iter().all(|text| generation_of(text).is_none()));
        for name in ["tmp.7-a", "tmp.7-a-0.link", "tmp.7-a.lock", "tmp.7-a.launch"] {
            assert_eq!(maker_of(name), Some(7), "{name}");
        }
        assert!(["tmp.x-a", "tmp.7", "trash.7-a", "tmp.7-a.other"]
            .iter()
            .all(|name| maker_of(name).is_none()));
    }

    #[test]
    fn a_long_path_gets_a_short_place() {
        let fits = "/".to_owned() + &"d".repeat(107 - 38 - 1 - 2 - 1);
        let short = || Some(ShortRoot { root: "/tmp/solod-5".to_owned(), salt: String::new() });
        assert_eq!(place_of(&fits, "n", &|| None).unwrap().root, fits);
        let place = place_of(&(fits + "dd"), "n", &short).unwrap();
        assert_eq!(place.root, "/tmp/solod-5");
        assert_eq!(place.directory.len(), "/tmp/solod-5/".len() + 13);
    }
}
