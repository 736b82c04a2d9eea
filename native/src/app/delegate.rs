//! What this client leaves to others. Everything out of the ordinary goes to the command in TypeScript, which replaces this process.

use super::node_part::{self, HANDED_OVER};
use super::options::{Asked, Command};
use super::say::{complain, say, Errors};
use super::target::{variable, Target};
use crate::domain::failure::code_suffix;
use crate::protocol as p;
use crate::system::host::Limits;
use crate::system::spawn::{execute, not_run_text};
use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
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

pub fn is_continuous_integration() -> bool {
    let value = env::var_os("CI").unwrap_or_default();
    !value.is_empty() && value != "0" && !value.eq_ignore_ascii_case("false")
}

/// Hands the same arguments to Node's command.
pub fn run(argv: &[OsString]) -> i32 {
    become_node(None, argv, Errors::Stderr)
}

/// Hands the call or kick to Node's command, without the options that only this client knows.
pub fn run_asked(asked: &Asked, target: Option<&Target>, more: &[&str]) -> i32 {
    let mut argv = written(asked, asked.command);
    argv.extend(more.iter().map(OsString::from));
    argv.push("--".into());
    argv.push(asked.service.clone().into());
    argv.extend(asked.args.iter().cloned());
    become_node(target, &argv, asked.errors)
}

/// Lets Node kick, and waits for it. Node leaves a launch file for the next time.
pub fn kick_first(asked: &Asked, target: &Target) {
    let [node, solod] = match node_part::command(Some(target)) {
        Ok(command) => command,
        Err(why) => return say(&why),
    };
    let mut kick = Process::new(&node);
    kick.arg(solod).args(written(asked, Command::Kick)).arg("--").arg(&asked.service);
    let kicked = kick.env(HANDED_OVER, "1").stdin(Stdio::null()).stdout(Stdio::null()).status();
    if let Err(error) = kicked {
        let why = code_suffix(p::CODE_NOT_EXECUTED);
        say(&format!("{}{why}", not_run_text(&node.to_string_lossy(), &error)));
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

/// Becomes Node's command. Returns only if that fails, with the exit code.
fn become_node(target: Option<&Target>, argv: &[OsString], errors: Errors) -> i32 {
    let command = match node_part::command(target) {
        Ok(command) => command,
        Err(why) => return complain(errors, &why, p::CODE_NOT_EXECUTED, p::EXIT_OS_ERROR),
    };
    env::set_var(HANDED_OVER, "1");
    let error = execute(&[&command, argv].concat());
    let sentence = not_run_text(&command[0].to_string_lossy(), &error);
    complain(errors, &sentence, p::CODE_NOT_EXECUTED, p::EXIT_OS_ERROR)
}

/// Becomes a program that the user named, which ignores the signals that this one was started to ignore. `std` ignores SIGPIPE on its
/// own and resets it here. Returns only if that fails, with the exit code.
pub fn become_program(argv: &[OsString], errors: Errors) -> i32 {
    let error = Process::new(&argv[0]).args(&argv[1..]).exec();
    let name = argv[0].to_string_lossy();
    let where_to = if name.contains('/') { "check its path" } else { "check PATH, or name its path" };
    let sentence = format!("the fallback {name} can't be run: {error}; {where_to}");
    complain(errors, &sentence, p::CODE_NOT_EXECUTED, p::EXIT_OS_ERROR)
}
