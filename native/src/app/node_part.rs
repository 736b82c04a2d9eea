//! The part of solod that runs on Node: where it lies, and which Node runs it. Nothing is executed that somebody else could have
//! put there, and every "not found" says what was looked for, where, and what to do.

use super::target::{read_launch_file, Target};
use crate::system::trust::{check, check_program, Distrust, Owners, Trusted};
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Set for Node's command, which takes it away at once. A program that sees it at its start was run in place of Node.
pub const HANDED_OVER: &str = "SOLOD_HANDED_OVER";
/// The first argument where `solod install` knew a Node: `--runtime=/absolute/path`.
const RUNTIME: &str = "--runtime=";

const COMMAND: &str = "bin/solod";
const BUNDLES: &str = "dist";
const DAEMON: &str = "daemon.cjs";

/// Node's command and what runs it.
pub fn command(target: Option<&Target>) -> Result<[OsString; 2], String> {
    let daemon = target.and_then(LaunchedBy::read);
    let command = find_command(daemon.as_ref())?;
    let node = find_node(daemon.as_ref())?;
    Ok([node.path().into(), command.path().into()])
}

/// A bundle of the package that this program was installed with. None if it is missing, or can't be trusted.
pub fn find_bundle(name: &str) -> Option<PathBuf> {
    let package = own_package()?;
    check(&package.directory.join(BUNDLES).join(name), package.levels, Owners::Own).ok()?;
    Some(package.directory.join(BUNDLES).join(name))
}

/// Whether Node's command would start a daemon by the same Node and the same bundle. True where there is no Node but this one.
pub fn is_usual(node: &Path, daemon: &Path) -> bool {
    let is_same_bundle = match find_bundle(DAEMON) {
        Some(own) => is_same(&own, daemon),
        None => true,
    };
    is_same_bundle && find_node(None).map_or(true, |usual| is_same(usual.path(), node))
}

/// The Node and the bundle by which Node's command would start a daemon. None where only a run of Node tells which one that is:
/// what is called "node" may be a program that looks for it.
pub fn usual_start() -> Option<[String; 2]> {
    let package = own_package()?;
    check_package(&package).ok()?;
    let daemon = check(&package.directory.join(BUNDLES).join(DAEMON), package.levels, Owners::Own).ok()?;
    let node = find_node(None).ok()?;
    let text = |found: Trusted| found.path().to_str().map(str::to_owned);
    Some([text(node).filter(|node| is_node_itself(Path::new(node)))?, text(daemon)?])
}

/// elf(5)
const ELF: [u8; 4] = *b"\x7fELF";

fn is_node_itself(program: &Path) -> bool {
    let is_called_so = program.file_name().map_or(false, |name| name == "node" || name == "nodejs");
    let mut head = [0; ELF.len()];
    let is_read = File::open(program).and_then(|mut file| file.read_exact(&mut head)).is_ok();
    is_called_so && is_read && head == ELF
}

/// The arguments of the user.
pub fn own_arguments() -> Vec<OsString> {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    arguments.into_iter().skip(usize::from(installed_runtime().is_some())).collect()
}

/// What is said where this program was started in place of Node.
pub fn loop_text() -> String {
    format!(
        "Node was to run the rest of solod, and this program was started instead; what is called \"node\" in \
         PATH ({}) leads back here: put Node 20.19 or newer first in PATH",
        path_variable().to_string_lossy()
    )
}

fn installed_runtime() -> Option<PathBuf> {
    let first = env::args_os().nth(1)?;
    Some(Path::new(OsStr::from_bytes(first.as_bytes().strip_prefix(RUNTIME.as_bytes())?)).to_owned())
}

/// What started the daemon of a name, as its launch file tells.
struct LaunchedBy {
    node: PathBuf,
    package: PathBuf,
}

impl LaunchedBy {
    fn read(target: &Target) -> Option<LaunchedBy> {
        let argv = read_launch_file(target)?;
        let part = |at: usize| argv.get(at).map(|part| Path::new(OsStr::from_bytes(part.to_bytes())));
        let package = part(1)?.parent()?.parent()?;
        Some(LaunchedBy { node: part(0)?.to_owned(), package: package.to_owned() })
            .filter(|found| found.node.is_absolute() && found.package.is_absolute())
    }
}

struct Package {
    directory: PathBuf,
    /// How many directories above its files others must not be able to write to: its own and, where it was installed, `node_modules`.
    levels: usize,
}

const INSTALLED_LEVELS: usize = 3;
const CHECKOUT_LEVELS: usize = 2;

fn find_command(daemon: Option<&LaunchedBy>) -> Result<Trusted, String> {
    let mut tried = Vec::new();
    let beside = daemon.map(|by| Package { directory: by.package.clone(), levels: CHECKOUT_LEVELS });
    for package in own_package().into_iter().chain(beside) {
        match check_package(&package) {
            Ok(found) => return Ok(found),
            Err((path, why)) => tried.push(format!("{} {}", path.display(), why.text())),
        }
    }
    if tried.is_empty() {
        let own = env::current_exe().unwrap_or_default();
        tried.push(format!("{} lies neither in a package of npm nor in a checkout of solod", own.display()));
    }
    Err(format!(
        "this takes the part of solod that runs on Node, and it was not found: {}; install solod again (npm \
         install solod), or fix that",
        tried.join("; ")
    ))
}

/// The command of a package, of which any bundle may be loaded. Err: what is missing or not trusted.
fn check_package(package: &Package) -> Result<Trusted, (PathBuf, Distrust)> {
    let checked = |path: PathBuf, levels| check(&path, levels, Owners::Own).map_err(|why| (path, why));
    let bundles = package.directory.join(BUNDLES);
    let command = checked(package.directory.join(COMMAND), package.levels)?;
    checked(bundles.join("solod.cjs"), package.levels)?;
    let entries = fs::read_dir(&bundles).map_err(|_| (bundles, Distrust::Missing))?;
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.extension() == Some(OsStr::new("cjs")) {
            checked(path, 0)?;
        }
    }
    Ok(command)
}

/// The package of this program, by the names of the directories that it lies in: npm, bun and yarn put it beside solod's own
/// package, or below it; pnpm links both together where the one depends on the other, so the path by which this program was
/// called counts first.
fn own_package() -> Option<Package> {
    let real = env::current_exe().ok()?;
    let called = env::args_os()
        .next()
        .map(PathBuf::from)
        // What was found in PATH has no directory here.
        .filter(|called| called.components().count() > 1 && is_same(called, &real));
    called.and_then(|called| package_around(&called)).or_else(|| package_around(&real))
}

fn is_same(one: &Path, other: &Path) -> bool {
    let identity = |path: &Path| fs::metadata(path).map(|found| (found.dev(), found.ino())).ok();
    identity(one).is_some() && identity(one) == identity(other)
}

fn package_around(own: &Path) -> Option<Package> {
    let names: Vec<&OsStr> = own.iter().rev().collect();
    let is = |at: usize, name: &str| names.get(at) == Some(&OsStr::new(name));
    // Cargo puts what is built for another platform one directory deeper.
    if let Some(at) = (2..=3).find(|at| is(*at, "target") && is(at + 1, "native")) {
        return Some(Package { directory: own.ancestors().nth(at + 2)?.to_owned(), levels: CHECKOUT_LEVELS });
    }
    if !(is(1, "bin") && is(3, "@solod")) {
        return None;
    }
    let modules = own.ancestors().nth(4)?;
    let above = modules.parent().filter(|above| above.file_name() == Some(OsStr::new("solod")));
    let mut places = above.into_iter().map(Path::to_owned).chain([modules.join("solod")]);
    // The last one is named where none is there.
    let directory =
        places.find(|place| place.join(COMMAND).exists()).unwrap_or_else(|| modules.join("solod"));
    Some(Package { directory, levels: INSTALLED_LEVELS })
}

fn find_node(daemon: Option<&LaunchedBy>) -> Result<Trusted, String> {
    let mut tried = Vec::new();
    let known = daemon.map(|by| by.node.clone()).into_iter().chain(installed_runtime());
    for node in known.filter(|node| node.is_absolute()) {
        match check_program(&node, 1, Owners::Own) {
            Ok(found) => return Ok(found),
            Err(why) => tried.push(format!("{} {}", node.display(), why.text())),
        }
    }
    let path = path_variable();
    // A relative directory would be one of whatever directory the caller happens to be in.
    for directory in env::split_paths(&path).filter(|directory| directory.is_absolute()) {
        let node = directory.join("node");
        match check_program(&node, 1, Owners::Named) {
            Ok(found) => return Ok(found),
            Err(Distrust::Missing) => {}
            Err(why) => tried.push(format!("{} {}", node.display(), why.text())),
        }
    }
    tried.push(format!("\"node\" was looked for in PATH ({})", path.to_string_lossy()));
    Err(format!(
        "this takes Node, and none was found: {}; install Node 20.19 or newer, or put its directory on the \
         PATH",
        tried.join("; ")
    ))
}

/// As a shell has it where the caller has none.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

fn path_variable() -> OsString {
    env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_package_by_the_directories_around_it() {
        for (own, expected) in [
            ("/m/node_modules/@solod/client-linux-x64/bin/solod-client", Some("/m/node_modules/solod")),
            ("/p/.bin/../solod/../@solod/client-linux-x64/bin/x", Some("/p/.bin/../solod/../solod")),
            ("/src/solod/native/target/release/solod-client", Some("/src/solod")),
            ("/usr/local/bin/solod-client", None),
            ("/dist/bin/solod", None),
        ] {
            let directory = package_around(Path::new(own)).map(|package| package.directory);
            assert_eq!(directory, expected.map(PathBuf::from), "{own}");
        }
    }
}
