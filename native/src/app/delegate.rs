//! What this client leaves to others. Everything out of the ordinary goes to the command in TypeScript, which replaces this process.

use super::options::{Asked, Command};
use super::say::{complain, say, Errors};
use super::target::{read_launch_file, variable, Target};
use crate::domain::failure::code_suffix;
use crate::protocol as p;
use crate::system::host::Limits;
use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};

/// Whether a daemon is wanted: by `--daemon`, else by `SOLOD` and `CI`. False also for a value that Node has to report.
pub fn wants_daemon(asked: &Asked) -> bool {
    if let Some(wish) = asked.daemon {
        return wish;
    }
    match variable("SOLOD") {
        Some(Some(wish)) => wish == "on",
        Some(None) => !is_continuous_integration(),
        None => false,
    }
}

/// A daemon that is asked for on purpose is started whatever limits it would have.
pub fn limits(asked: &Asked) -> Limits {
    let is_asked_for = asked.daemon == Some(true) || variable("SOLOD").flatten().as_deref() == Some("on");
    if is_asked_for {
        Limits::Ignored
    } else {
        Limits::Respected
    }
}

fn is_continuous_integration() -> bool {
    let value = env::var_os("CI").unwrap_or_default();
    !value.is_empty() && value != "0" && !value.eq_ignore_ascii_case("false")
}

/// Hands the same arguments to Node's command.
pub fn run(argv: &[OsString]) -> i32 {
    become_program(&[command(None), argv.to_vec()].concat(), Errors::Stderr)
}

/// Hands the call or kick to Node's command, without the options that only this client knows.
pub fn run_asked(asked: &Asked, target: Option<&Target>, more: &[&str]) -> i32 {
    let mut argv = written(asked, asked.command);
    argv.extend(more.iter().map(OsString::from));
    argv.push("--".into());
    argv.push(asked.service.clone().into());
    argv.extend(asked.args.iter().cloned());
    become_program(&[command(target), argv].concat(), asked.errors)
}

/// Lets Node kick, and waits for it. Node leaves a launch file for the next time.
pub fn kick_first(asked: &Asked, target: &Target) {
    let mut argv = [command(Some(target)), written(asked, Command::Kick)].concat();
    argv.extend(["--".into(), asked.service.clone().into()]);
    let kicked = Process::new(&argv[0]).args(&argv[1..]).stdin(Stdio::null()).stdout(Stdio::null()).status();
    if let Err(error) = kicked {
        say(&format!("{}: {error}{}", argv[0].to_string_lossy(), code_suffix(p::CODE_NOT_EXECUTED)));
    }
}

/// The command and its options as they were written. A kick has fewer of them.
fn written(asked: &Asked, command: Command) -> Vec<OsString> {
    let mut argv: Vec<OsString> = vec![if command == Command::Call { "call" } else { "kick" }.into()];
    for (name, value) in &asked.written {
        if command == Command::Kick && ["timeout", "errors", "verbose"].contains(&name.as_str()) {
            continue;
        }
        argv.push(match value {
            Some(value) => format!("--{name}={value}").into(),
            None => format!("--{name}").into(),
        });
    }
    argv
}

const SOLOD: &str = "solod.cjs";
/// How many directories above this program are searched for Node's command: this one lies in
/// `node_modules/@solod/client-linux-x64/bin` or `native/target/release`.
const LEVELS_MAX: usize = 6;

/// Node's command: the one that started the daemon (only of a target whose directory is sound), else the one that this client was
/// installed with, else the one on the PATH.
fn command(target: Option<&Target>) -> Vec<OsString> {
    target.and_then(beside_daemon).or_else(beside_this).unwrap_or_else(|| vec!["solod".into()])
}

fn beside_daemon(target: &Target) -> Option<Vec<OsString>> {
    let argv = read_launch_file(&target.place)?;
    let node = Path::new(OsStr::from_bytes(argv.first()?.to_bytes()));
    let solod = Path::new(OsStr::from_bytes(argv.get(1)?.to_bytes())).with_file_name(SOLOD);
    if node.is_absolute() && node.exists() && solod.exists() {
        return Some(vec![node.into(), solod.into()]);
    }
    None
}

fn beside_this() -> Option<Vec<OsString>> {
    find_bundle(SOLOD).map(|solod| vec!["node".into(), solod.into()])
}

/// A bundle of the package that this client was installed with.
pub fn find_bundle(name: &str) -> Option<PathBuf> {
    let own = env::current_exe().ok()?;
    let places = own.ancestors().skip(1).take(LEVELS_MAX);
    places
        .flat_map(|above| [above.join("solod/dist"), above.join("dist")])
        .map(|dist| dist.join(name))
        .find(|bundle| bundle.exists())
}

/// Becomes another program, which ignores the signals that this one was started to ignore. `std` ignores SIGPIPE on its own and resets
/// it here. Returns only if that fails, with the exit code.
pub fn become_program(argv: &[OsString], errors: Errors) -> i32 {
    let error = Process::new(&argv[0]).args(&argv[1..]).exec();
    let name = OsString::from_vec(argv[0].clone().into_vec());
    let sentence = format!("{}: {error}", name.to_string_lossy());
    complain(errors, &sentence, p::CODE_NOT_EXECUTED, p::EXIT_OS_ERROR)
}
