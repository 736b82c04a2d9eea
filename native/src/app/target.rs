//! What a caller asks for, made precise: which name, where it lives, what starts its daemon; see `src/app/library/daemon-target.ts`.

use super::node_part::{find_bundle, is_usual, usual_start};
use super::options::Asked;
use crate::domain::derive_place::{derive_place, Caller, Derivation, Home};
use crate::domain::edition::{self, Edition};
use crate::domain::environment::{daemon_environment, environment_hash};
use crate::domain::layout::{self, nonce_of, Place};
use crate::domain::scope::{scope_text, Standing};
use crate::domain::short_root::short_root_of;
use crate::domain::take_root::{take_root, TakePlan};
use crate::protocol as p;
use crate::system::candidate::Claim;
use crate::system::files::Machine;
use crate::system::host::{random_text, Host, Launch, Limits};
use crate::system::libc::{O_NOFOLLOW, O_NONBLOCK};
use crate::system::trust::{check, check_program, Owners};
use crate::system::{files, own_scope, paths, process};
use std::env;
use std::ffi::CString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

pub struct Target {
    pub name: String,
    /// The name, or the name with its project.
    pub label: String,
    /// Real path of the project's root.
    pub project: Option<String>,
    pub place: Place,
    /// As it was asked for: it may hold parts of several scopes.
    pub state_directory: String,
    pub user_id: u32,
    pub edition: Edition,
    /// What the service wants its daemon to be started with, beside what every daemon gets.
    pub environment: Vec<String>,
}

/// None for everything out of the ordinary, such as a missing service: Node's command says what is wrong.
pub fn resolve(asked: &Asked) -> Option<Target> {
    let file = match asked.service.strip_prefix(p::SHIPPED_PREFIX) {
        Some(shipped) => find_shipped(shipped)?,
        None => asked.service.clone(),
    };
    let (edition, own_name, environment) = read_edition(&paths::real(&file)?).ok()?;
    let name = asked.name.clone().or(own_name).unwrap_or_else(|| edition::name_from_path(&edition.path));
    if !layout::is_name(&name) {
        return None;
    }
    let project = match &asked.project {
        Some(project) => Some(paths::real(project)?),
        None => None,
    };
    let user_id = process::user_id();
    let label = layout::label_of(&name, project.as_deref());
    let (place, state_directory) = find_place(asked.state_directory.as_deref(), &label, user_id)?;
    Some(Target { name, label, project, place, state_directory, user_id, edition, environment })
}

/// The place, and its state directory. None for everything out of the ordinary, such as a directory that is another scope's so far:
/// Node's command takes it, or says what is wrong.
fn find_place(named: Option<&str>, label: &str, user_id: u32) -> Option<(Place, String)> {
    let env = |name: &str| match named {
        Some(named) if name == "SOLOD_DIR" && !named.is_empty() => Some(named.to_owned()),
        _ => env::var(name).ok(),
    };
    for name in ["SOLOD_DIR", "SOLOD_SCOPE", "HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME"] {
        variable(name)?;
    }
    let directory = env::current_dir().ok().and_then(|path| path.into_os_string().into_string().ok());
    let said = env("SOLOD_SCOPE").filter(|word| !word.is_empty());
    let caller = Caller {
        user_id,
        env: &env,
        directory: directory.as_deref().unwrap_or(""),
        home: &|| paths::home_of(user_id).map_or(Home::Unknown, |home| Home::Known(Some(home))),
        scope: &|| {
            let boot = own_scope::boot();
            scope_text(&boot, &said.clone().unwrap_or_else(|| own_scope::ids(&boot)))
        },
        machine: &own_scope::machine,
    };
    let mut derived = derive_place(&caller, &Machine).0;
    if let Derivation::Place { asked, standing: Standing::Free, scope, .. } = &derived {
        take(asked, scope, user_id);
        // Another scope may have been faster.
        derived = derive_place(&caller, &Machine).0;
    }
    match derived {
        Derivation::Place { asked, root, standing: Standing::Own | Standing::Part, scope, .. } => {
            let place = layout::place_of(&root, label, &|| short_root_of(&scope, &caller, &Machine))?;
            Some((place, asked))
        }
        _ => None,
    }
}

fn take(asked: &str, scope: &str, user_id: u32) {
    let mut host = Host::new(asked, &|_| Vec::new(), &|| None, false, Limits::Ignored);
    let machine = &own_scope::machine().machine;
    let nonce = &nonce_of(std::process::id(), &random_text());
    take_root(&mut host, &TakePlan { asked, scope, machine, user_id, nonce });
}

/// A service that comes with solod.
fn find_shipped(name: &str) -> Option<String> {
    if ![p::SHIPPED_STATUS_LINE, p::SHIPPED_SHARE].contains(&name) {
        return None;
    }
    find_bundle(&format!("{name}.cjs"))?.into_os_string().into_string().ok()
}

/// The edition of a service file, the name that it gives itself, and the variables that it wants.
fn read_edition(real: &str) -> io::Result<(Edition, Option<String>, Vec<String>)> {
    let file = OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(real)?;
    let found = file.metadata()?;
    let head = read_head(file, found.len())?;
    let text = String::from_utf8_lossy(&head);
    let version = edition::own_version(&text).unwrap_or_default().to_owned();
    let modified_ms = files::modified_ms(&found);
    let (inode, changed_ms) = (found.ino() as f64, files::changed_ms(&found));
    let edition =
        Edition { version, path: real.to_owned(), size: found.len(), modified_ms, inode, changed_ms };
    Ok((edition, edition::own_name(&text).map(str::to_owned), edition::own_environment(&text)))
}

fn read_head(mut file: File, size: u64) -> io::Result<Vec<u8>> {
    let mut head = vec![0; (size as usize).min(p::SERVICE_HEAD_BYTES)];
    let count = file.read(&mut head)?;
    head.truncate(count);
    Ok(head)
}

/// An empty one counts as none. The outer None stands for one that is not text.
#[allow(clippy::option_option)]
pub fn variable(name: &str) -> Option<Option<String>> {
    match env::var_os(name).filter(|value| !value.is_empty()) {
        Some(value) => Some(Some(value.into_string().ok()?)),
        None => Some(None),
    }
}

/// The program and its arguments in a launch file that the user wrote, in a directory that can be trusted. A NUL follows each of
/// them, also the last, so that a file that was cut off is recognised.
pub fn read_launch_file(target: &Target) -> Option<Vec<CString>> {
    let path = layout::launch(&target.place.directory);
    let is_closed = |found: &Metadata| found.uid() == target.user_id && found.mode() & 0o022 == 0;
    let opened = OpenOptions::new().read(true).custom_flags(O_NONBLOCK | O_NOFOLLOW).open(path).ok()?;
    let levels = [&target.place.root, &target.place.directory];
    let is_trusted = opened.metadata().map_or(false, |found| found.is_file() && is_closed(&found))
        && levels.iter().all(|level| fs::symlink_metadata(level).map_or(false, |found| is_closed(&found)));
    if !is_trusted {
        return None;
    }
    let mut text = Vec::new();
    opened.take(p::TEXT_BYTES_MAX).read_to_end(&mut text).ok()?;
    if text.pop() != Some(0) {
        return None;
    }
    text.split(|byte| *byte == 0).map(|part| CString::new(part).ok()).collect()
}

fn own_variables() -> impl Iterator<Item = (String, String)> {
    env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
}

/// None where a service manager listens for the name: Node leaves the name to it.
pub fn claim_for(target: &Target) -> Option<Claim> {
    if fs::symlink_metadata(layout::handed_socket(&target.place.directory)).is_ok() {
        return None;
    }
    Some(Claim {
        place: target.place.clone(),
        user_id: target.user_id,
        label: target.label.clone(),
        service: target.edition.path.clone(),
        version: target.edition.version.clone(),
    })
}

/// What starts a daemon for this caller. None where only Node knows.
pub fn launch_for(asked: &Asked, target: &Target) -> Option<Launch> {
    if asked.has_daemon_options {
        return None;
    }
    find_launch(target).or_else(|| usual_launch(target))
}

/// The directory of the daemon's bundle, and its package's.
const LAUNCHED_LEVELS: usize = 2;

/// What starts a daemon of this service: the launch file's program with its arguments, of which the last one, after `--`, is the
/// service. None if the file says anything else, or names what is gone or can't be trusted.
pub fn find_launch(target: &Target) -> Option<Launch> {
    let mut argv = read_launch_file(target)?;
    if argv.len() < 4 || argv[argv.len() - 2].as_bytes() != b"--" {
        return None;
    }
    let path = |at: usize| argv[at].to_str().ok().map(Path::new).filter(|path| path.is_absolute());
    check_program(path(0)?, 1, Owners::Own).ok()?;
    check(path(1)?, LAUNCHED_LEVELS, Owners::Own).ok()?;
    let is_usual = is_usual(path(0)?, path(1)?);
    argv.pop();
    argv.push(CString::new(target.edition.path.as_str()).ok()?);
    launch_by(target, argv, is_usual)
}

/// Where there is no launch file: what Node's command would start, which leaves one. None if that takes Node to know.
fn usual_launch(target: &Target) -> Option<Launch> {
    let [node, daemon] = usual_start()?;
    start_by(target, &node, &daemon)
}

/// By the Node and the bundle of a process that asks. None if one of them can't be trusted.
pub fn launch_with(target: &Target, node: &str, daemon: &str) -> Option<Launch> {
    check_program(Path::new(node), 1, Owners::Named).ok()?;
    check(Path::new(daemon), LAUNCHED_LEVELS, Owners::Own).ok()?;
    start_by(target, node, daemon)
}

fn start_by(target: &Target, node: &str, daemon: &str) -> Option<Launch> {
    let flags = [
        Some(format!("--name={}", target.name)),
        Some(format!("--state-dir={}", target.state_directory)),
        target.project.as_ref().map(|project| format!("--project={project}")),
    ];
    let service = ["--".to_owned(), target.edition.path.clone()];
    let program = [node.to_owned(), daemon.to_owned()];
    let words = program.into_iter().chain(flags.into_iter().flatten()).chain(service);
    launch_by(target, words.map(|word| CString::new(word).ok()).collect::<Option<_>>()?, true)
}

fn launch_by(target: &Target, argv: Vec<CString>, is_usual: bool) -> Option<Launch> {
    let directory = env::current_dir().ok()?.to_string_lossy().into_owned();
    let environment = daemon_environment(own_variables(), &target.environment, &directory);
    let build =
        format!("{}:{}:{}", target.edition.key(), argv[0].to_str().ok()?, environment_hash(&environment));
    let claim = claim_for(target);
    Some(Launch { claim, argv, environment, build, is_usual })
}
