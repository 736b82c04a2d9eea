//! Which edition of a service a caller has in mind: read off its file, of which nothing is loaded.

use super::json::quoted;
use super::layout::short_hash;
use crate::protocol as p;

#[derive(Clone, Debug, PartialEq)]
pub struct Edition {
    /// What the service calls its version; empty where it has none.
    pub version: String,
    /// The real path of the service file.
    pub path: String,
    pub size: u64,
    pub modified_ms: f64,
    pub inode: f64,
    /// When anything about the file changed last. Unlike the time of modification, nobody can set it.
    pub changed_ms: f64,
}

/// What it has taken a caller to come to its daemon.
pub struct Effort {
    pub waited_ms: f64,
    /// Whether it had a daemon started on the way.
    pub has_started: bool,
}

impl Edition {
    /// What a caller says of itself.
    pub fn caller_text(&self, effort: &Effort) -> String {
        format!(
            concat!(
                "{{\"version\":{},\"path\":{},\"size\":{},\"modifiedMs\":{},\"inode\":{},\"changedMs\":{},",
                "\"wire\":{},\"waitedMs\":{},\"spawned\":{}}}"
            ),
            quoted(&self.version),
            quoted(&self.path),
            self.size,
            self.modified_ms,
            self.inode,
            self.changed_ms,
            p::WIRE_VERSION,
            effort.waited_ms,
            effort.has_started
        )
    }

    /// The same text for the same file in the same state.
    pub fn key(&self) -> String {
        let Self { version, path, size, modified_ms, inode, changed_ms } = self;
        format!("{path}:{size}:{modified_ms}:{inode}:{changed_ms}:{version}")
    }
}

const DEFINITION: &str = "defineService(";
/// How far from its brace a definition is searched for a version, in UTF-16 units.
const VERSION_WITHIN: usize = 2_000;

/// The name that a service gives itself: a string literal, the first property in `defineService({ name: '…'`.
pub fn own_name(text: &str) -> Option<&str> {
    definitions(text).find_map(|inside| quoted_after(skip_space(inside).strip_prefix("name:")?))
}

/// Its version likewise, and before `run`: what that holds may look like one.
pub fn own_version(text: &str) -> Option<&str> {
    definitions(text).find_map(version_inside)
}

/// The variables that it names in `environment: ['…']`, likewise.
pub fn own_environment(text: &str) -> Vec<String> {
    definitions(text).find_map(environment_inside).unwrap_or_default()
}

fn environment_inside(inside: &str) -> Option<Vec<String>> {
    property_inside(inside, "environment:", words_in)
}

/// String literals, up to the bracket that ends them.
fn words_in(text: &str) -> Option<Vec<String>> {
    let mut rest = skip_space(text).strip_prefix('[')?;
    let mut words = Vec::new();
    loop {
        let at = rest.find(&['\'', '"', ']'][..])?;
        if rest[at..].starts_with(']') {
            return Some(words);
        }
        let word = quoted_after(&rest[at..])?;
        words.push(word.to_owned());
        rest = &rest[at + word.len() + 2..];
    }
}

/// What follows the brace of each definition.
fn definitions(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices(DEFINITION).filter_map(move |(at, _)| {
        if ends_in_word(&text[..at]) {
            return None;
        }
        skip_space(&text[at + DEFINITION.len()..]).strip_prefix('{')
    })
}

fn version_inside(inside: &str) -> Option<&str> {
    property_inside(inside, "version:", quoted_after)
}

/// What `read` makes of what follows a property's name.
fn property_inside<'a, T>(inside: &'a str, name: &str, read: fn(&'a str) -> Option<T>) -> Option<T> {
    let mut units = 0;
    for (at, character) in inside.char_indices() {
        let rest = &inside[at..];
        let begins_word = !ends_in_word(&inside[..at]);
        if begins_word {
            if let Some(value) = rest.strip_prefix(name).and_then(read) {
                return Some(value);
            }
        }
        let is_run = begins_word && rest.strip_prefix("run").map_or(false, |after| !begins_in_word(after));
        units += character.len_utf16();
        if is_run || character == '}' || units > VERSION_WITHIN {
            return None;
        }
    }
    None
}

/// What stands in quotes after white space.
fn quoted_after(text: &str) -> Option<&str> {
    let text = skip_space(text);
    let quote = text.chars().next().filter(|first| *first == '\'' || *first == '"')?;
    let inside = &text[1..];
    let end = inside.find(&['\'', '"', '\n'][..])?;
    if inside[end..].starts_with(quote) {
        Some(&inside[..end])
    } else {
        None
    }
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn ends_in_word(text: &str) -> bool {
    text.as_bytes().last().map_or(false, |byte| is_word(*byte))
}

fn begins_in_word(text: &str) -> bool {
    text.as_bytes().first().map_or(false, |byte| is_word(*byte))
}

/// JavaScript's `\s`: Unicode's white space without U+0085, and the byte order mark.
fn skip_space(text: &str) -> &str {
    text.trim_start_matches(|character: char| {
        (character.is_whitespace() && character != '\u{85}') || character == '\u{feff}'
    })
}

/// The longest part of a file's name that becomes part of a daemon's, and of the hash after it.
const BASE_CHARACTERS: usize = 40;
const HASH_CHARACTERS: usize = 8;

/// The name of a service without one of its own.
pub fn name_from_path(real: &str) -> String {
    let file = real.rsplit('/').next().unwrap_or_default();
    let base = file.rfind('.').map_or(file, |dot| &file[..dot]);
    let plain: String = base.chars().flat_map(plain_characters).collect();
    let plain = plain.trim_start_matches(|character: char| !character.is_ascii_alphanumeric());
    let short = &plain[..plain.len().min(BASE_CHARACTERS)];
    let base = if short.is_empty() { "service" } else { short };
    format!("{base}-{}", &short_hash(real)[..HASH_CHARACTERS])
}

/// JavaScript replaces each half of a surrogate pair.
fn plain_characters(character: char) -> impl Iterator<Item = char> {
    let is_plain = character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-');
    let (stands_for, times) = if is_plain { (character, 1) } else { ('-', character.len_utf16()) };
    std::iter::repeat(stands_for).take(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_variables_that_a_service_names() {
        for (text, expected) in [
            ("defineService({ name: 'n', environment: ['A', \"B_*\",], run })", vec!["A", "B_*"]),
            ("defineService({ environment: [\n  'A',\n] })", vec!["A"]),
            ("defineService({ environment: [] })", vec![]),
            ("defineService({ run: () => ({ environment: ['A'] }) })", vec![]),
            ("defineService({ environment: NAMES })", vec![]),
        ] {
            assert_eq!(own_environment(text), expected, "{text}");
        }
    }

    #[test]
    fn says_of_itself_what_node_says() {
        let edition = Edition {
            version: "1".into(),
            path: "/a \"b\"".into(),
            size: 9,
            modified_ms: 1.5,
            inode: 7.0,
            changed_ms: 2.25,
        };
        let said = edition.caller_text(&Effort { waited_ms: 12.25, has_started: true });
        let state = "\"modifiedMs\":1.5,\"inode\":7,\"changedMs\":2.25";
        let effort = "\"waitedMs\":12.25,\"spawned\":true";
        assert_eq!(
            said,
            format!("{{\"version\":\"1\",\"path\":\"/a \\\"b\\\"\",\"size\":9,{state},\"wire\":1,{effort}}}")
        );
    }

    #[test]
    fn reads_names_off_the_text() {
        assert_eq!(own_name("export default defineService({ name: 'mine', run })"), Some("mine"));
        assert_eq!(own_name("x.defineService( \n{\tname:\u{a0}\"a.b\" })"), Some("a.b"));
        for text in [
            "xdefineService({ name: 'mine' })",
            "defineService({ run, name: 'mine' })",
            "defineService({ name: `a` })",
            "defineService({ name: 'a\" })",
        ] {
            assert_eq!(own_name(text), None, "{text}");
        }
        assert_eq!(own_name("defineService({ name: x }); defineService({ name: '' })"), Some(""));
    }

    #[test]
    fn reads_versions_before_run() {
        assert_eq!(own_version("defineService({ name: 'a', version: '1.2', run })"), Some("1.2"));
        assert_eq!(own_version("defineService({ run: () => 0, version: '1.2' })"), None);
        assert_eq!(own_version("defineService({ a: {}, version: '1.2' })"), None);
        assert_eq!(
            own_version("defineService({ runs: 1, aversion: '0', version: x, version: '3' })"),
            Some("3")
        );
        let far = format!("defineService({{ {}version: '1' }})", " ".repeat(1_999));
        assert_eq!(own_version(&far), Some("1"));
        let farther = format!("defineService({{ {}version: '1' }})", " ".repeat(2_000));
        assert_eq!(own_version(&farther), None);
    }

    #[test]
    fn makes_names_of_paths() {
        assert!(name_from_path("/a/echo.mjs").starts_with("echo-"));
        assert!(name_from_path("/a/.-x y.test.mjs").starts_with("x-y.test-"));
        assert!(name_from_path("/a/.mjs").starts_with("service-"));
        assert!(name_from_path("/a/é😀.js").starts_with("service-"));
        assert!(name_from_path("/a/x😀.js").starts_with("x---"));
        assert_eq!(name_from_path(&format!("/{}", "a".repeat(99))).len(), 49);
    }
}
