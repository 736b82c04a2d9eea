//! The environment that a daemon is started with: what a login has, and nothing of the caller that happens to start it; see
//! `src/domain/place/daemon-environment.ts`.

use super::layout::short_hash;
use crate::protocol as p;

/// `variables`: the caller's. `named`: by the service, passed on too; one that ends in `*` stands for all that begin so. `directory`:
/// the caller's, from which relative paths count.
pub fn daemon_environment(
    variables: impl Iterator<Item = (String, String)>,
    named: &[String],
    directory: &str,
) -> Vec<(String, String)> {
    variables
        .filter_map(|(name, value)| kept(&name, value, named, directory).map(|kept| (name, kept)))
        .collect()
}

fn kept(name: &str, value: String, named: &[String], directory: &str) -> Option<String> {
    let is = |names: &str| names.split(' ').any(|known| known == name);
    if is(p::ENVIRONMENT_FILES) {
        let is_relative = !value.is_empty() && !value.starts_with('/');
        return Some(if is_relative { format!("{directory}/{value}") } else { value });
    }
    if named.iter().any(|word| is_named(name, word)) {
        return Some(if name == "NODE_OPTIONS" { absolute_preloads(&value, directory) } else { value });
    }
    if is(p::ENVIRONMENT_PLAIN) || name.starts_with(p::ENVIRONMENT_LOCALE) {
        return Some(value);
    }
    if is(p::ENVIRONMENT_ABSOLUTE) {
        return Some(value).filter(|value| value.starts_with('/'));
    }
    if is(p::ENVIRONMENT_SEARCHED) {
        // An empty part means the working directory, as a relative one means one in it.
        let parts: Vec<&str> = value.split(':').filter(|part| part.starts_with('/')).collect();
        return Some(parts.join(":"));
    }
    Some(value).filter(|value| name == "TMPDIR" && is_system_directory(value))
}

fn is_named(name: &str, word: &str) -> bool {
    word.strip_suffix('*').map_or(name == word, |beginning| name.starts_with(beginning))
}

/// The system's own: on Linux, and with pam_tmpdir. Another one is a caller's, and may be gone with it.
fn is_system_directory(path: &str) -> bool {
    let path = path.strip_suffix('/').unwrap_or(path);
    let is_users = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    path == "/tmp" || path == "/var/tmp" || path.strip_prefix("/tmp/user/").map_or(false, is_users)
}

/// Modules that Node loads first, and that are named by a path that begins with a dot: packages are named otherwise.
fn absolute_preloads(options: &str, directory: &str) -> String {
    let is_preload = |word: &str| p::ENVIRONMENT_PRELOADS.split(' ').any(|option| option == word);
    let mut before = "";
    let mut words = Vec::new();
    for word in options.split(' ') {
        let at = word.find('=').map_or(0, |at| at + 1);
        let (option, path) = word.split_at(at);
        let named_by = if at > 0 { &option[..at - 1] } else { before };
        let made = if is_preload(named_by) { absolute(path, directory) } else { None };
        words.push(made.map_or_else(|| word.to_owned(), |made| format!("{option}{made}")));
        before = if word.is_empty() { before } else { word };
    }
    words.join(" ")
}

fn absolute(path: &str, directory: &str) -> Option<String> {
    let (quote, plain) = path.strip_prefix('"').map_or(("", path), |plain| ("\"", plain));
    let begins_with_a_dot = plain.starts_with("./") || plain.starts_with("../");
    Some(format!("{quote}{directory}/{plain}")).filter(|_| begins_with_a_dot)
}

/// The same text for the same environment.
pub fn environment_hash(variables: &[(String, String)]) -> String {
    let mut lines: Vec<String> = variables.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    lines.sort_by(|one, other| one.encode_utf16().cmp(other.encode_utf16()));
    short_hash(&lines.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(name: &str, value: &str) -> Option<String> {
        kept(name, value.to_owned(), &["TOKEN".into(), "APP_*".into(), "NODE_OPTIONS".into()], "/here")
    }

    #[test]
    fn passes_on_what_a_login_has() {
        for (name, value, expected) in [
            ("HOME", "/h", Some("/h")),
            ("HOME", "h", None),
            ("PATH", "/a:b::./c:/d:", Some("/a:/d")),
            ("LC_ALL", "C", Some("C")),
            ("TMPDIR", "/tmp/", Some("/tmp/")),
            ("TMPDIR", "/tmp/user/1000", Some("/tmp/user/1000")),
            ("TMPDIR", "/tmp/build-7", None),
            ("NODE_EXTRA_CA_CERTS", "ca.pem", Some("/here/ca.pem")),
            ("GIT_DIR", ".git", None),
            ("TOKEN", "t", Some("t")),
            ("APP_X", "x", Some("x")),
            ("TOKENS", "t", None),
        ] {
            assert_eq!(passed(name, value).as_deref(), expected, "{name}={value}");
        }
    }

    #[test]
    fn preloads_by_a_relative_path_are_the_callers() {
        let options = "--require ./a.cjs  -r ../b.cjs --import=./c.mjs --import pkg --max-old-space-size=9 --require \"./d e.cjs\"";
        let expected = "--require /here/./a.cjs  -r /here/../b.cjs --import=/here/./c.mjs --import pkg --max-old-space-size=9 --require \"/here/./d e.cjs\"";
        assert_eq!(passed("NODE_OPTIONS", options).as_deref(), Some(expected));
    }
}
