//! The options of `solod call`, `solod kick` and `solod serve`, read as Node's parseArgs reads them. `src/app/options/option-table.ts` has the table,
//! and a test compares the names.

use super::say::Errors;
use crate::protocol as p;
use std::ffi::OsString;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    Call,
    Kick,
    Serve,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    Wait,
    /// Runs the service now, in a separate process.
    Inline,
    /// Runs another program now.
    Program,
}

#[derive(Debug)]
pub struct Asked {
    pub command: Command,
    pub service: String,
    /// The arguments of the service.
    pub args: Vec<OsString>,
    /// The program of `--fallback command`.
    pub program: Vec<OsString>,
    pub name: Option<String>,
    pub project: Option<String>,
    pub state_directory: Option<String>,
    pub timeout_ms: Option<f64>,
    /// `--daemon`, `--no-daemon`
    pub daemon: Option<bool>,
    pub fallback: Fallback,
    pub errors: Errors,
    /// Whether there are options for a daemon that must be started: a launch file does not hold them.
    pub has_daemon_options: bool,
    /// The options as they were written, without `--fallback`.
    pub written: Vec<(String, Option<String>)>,
}

const WITH_VALUE: &[&str] = &["name", "project", "state-dir"];
const OF_DAEMONS: &[&str] =
    &["idle-timeout", "grace", "memory-limit", "tether", "workers", "worker-heap", "compile-cache", "node"];

/// Reads the arguments after the program's name. None for everything out of the ordinary: Node's command answers that.
pub fn read(argv: &[OsString]) -> Option<Asked> {
    let (command, rest) = argv.split_first()?;
    let command = match command.to_str()? {
        "call" => Command::Call,
        "kick" => Command::Kick,
        "serve" => Command::Serve,
        _ => return None,
    };
    let (options, positionals, after) = split(command, rest)?;
    let mut asked = Asked::plain(command);
    for (name, value) in options {
        asked.set(&name, value.as_deref())?;
        if name != "fallback" {
            asked.written.push((name, value));
        }
    }
    asked.place(positionals, after)?;
    Some(asked)
}

type Written = Vec<(String, Option<String>)>;

/// Options, positionals before `--`, and everything after it.
fn split(command: Command, rest: &[OsString]) -> Option<(Written, Vec<OsString>, Option<Vec<OsString>>)> {
    let (mut options, mut positionals) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(arg) = rest.get(at) {
        at += 1;
        let text = match arg.to_str() {
            Some("--") => return Some((options, positionals, Some(rest[at..].to_vec()))),
            Some(text) if text.starts_with('-') && text != "-" => text,
            _ => {
                positionals.push(arg.clone());
                continue;
            }
        };
        let (name, value) = match text.strip_prefix("--")?.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text.strip_prefix("--")?, None),
        };
        if takes_value(command, name)? {
            let value = match value {
                Some(value) => value,
                // A value that starts with a dash may have been meant as an option.
                None => rest.get(at)?.to_str().filter(|value| !value.starts_with('-'))?.to_owned(),
            };
            at += usize::from(!text.contains('='));
            options.push((name.to_owned(), Some(value)));
        } else if value.is_none() {
            options.push((name.to_owned(), None));
        } else {
            return None;
        }
    }
    Some((options, positionals, None))
}

/// None for an option that the command does not have.
fn takes_value(command: Command, name: &str) -> Option<bool> {
    // Node checks the settings of a daemon before it claims.
    if command == Command::Serve {
        return Some(true).filter(|_| WITH_VALUE.contains(&name));
    }
    match name {
        "daemon" | "no-daemon" => Some(false),
        "verbose" if command == Command::Call => Some(false),
        "timeout" | "fallback" | "errors" | "color" if command == Command::Call => Some(true),
        _ if WITH_VALUE.contains(&name) || OF_DAEMONS.contains(&name) => Some(true),
        _ => None,
    }
}

impl Asked {
    /// A command without options.
    pub fn plain(command: Command) -> Self {
        Self {
            command,
            service: String::new(),
            args: Vec::new(),
            program: Vec::new(),
            name: None,
            project: None,
            state_directory: None,
            timeout_ms: None,
            daemon: None,
            fallback: Fallback::Wait,
            errors: Errors::Stderr,
            has_daemon_options: false,
            written: Vec::new(),
        }
    }

    fn set(&mut self, name: &str, value: Option<&str>) -> Option<()> {
        let text = || value.map(str::to_owned);
        match name {
            "name" => self.name = text(),
            "project" => self.project = text(),
            "state-dir" => self.state_directory = text(),
            "timeout" => self.timeout_ms = Some(duration_ms(value?)?),
            // If both are given, `--daemon` counts.
            "daemon" => self.daemon = Some(true),
            "no-daemon" => self.daemon = Some(self.daemon.unwrap_or(false)),
            "fallback" => {
                self.fallback = match value? {
                    "wait" => Fallback::Wait,
                    "inline" => Fallback::Inline,
                    "command" => Fallback::Program,
                    _ => return None,
                }
            }
            // Node colours by a wish.
            "color" => return None,
            "errors" => {
                self.errors = match value? {
                    "stderr" => Errors::Stderr,
                    "line" => Errors::Line,
                    _ => return None,
                }
            }
            _ => self.has_daemon_options |= OF_DAEMONS.contains(&name),
        }
        Some(())
    }

    /// With `--fallback command` what follows `--` is the program, or, after a second `--`, what follows that.
    fn place(&mut self, positionals: Vec<OsString>, after: Option<Vec<OsString>>) -> Option<()> {
        let mut positionals = positionals;
        let mut after = after.unwrap_or_default();
        if self.fallback == Fallback::Program {
            let second = after.iter().position(|arg| arg == "--");
            self.program = after.split_off(second.map_or(0, |at| at + 1));
            after.truncate(second.unwrap_or(0));
            self.program.first()?;
        }
        if self.command == Command::Serve && (positionals.len() != 1 || !after.is_empty()) {
            return None;
        }
        let is_before = !positionals.is_empty();
        positionals.append(&mut after);
        if positionals.is_empty() {
            return None;
        }
        self.args = positionals.split_off(1);
        self.service = positionals.pop()?.into_string().ok()?;
        // After a name and `--` may stand a program that knows nothing of solod: Node looks.
        Some(()).filter(|_| is_before || self.name.is_none() || is_module(&self.service))
    }
}

/// What is read as a service file, whatever it holds, or comes with solod.
fn is_module(service: &str) -> bool {
    let extension = service.rsplit_once('.').map_or("", |(_, extension)| extension);
    service.starts_with("solod:")
        || ["js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx"].contains(&extension)
}

/// `500ms`, `10s`, `15m`, `1h`; without a unit, seconds.
fn duration_ms(text: &str) -> Option<f64> {
    let unit =
        text.find(|character: char| character != '.' && !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit);
    let factor = match unit {
        "ms" => 1.0,
        "s" | "" => 1_000.0,
        "m" => 60_000.0,
        "h" => 3_600_000.0,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let are_digits = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits(whole) || !are_digits(fraction) {
        return None;
    }
    let ms = number.parse::<f64>().ok()? * factor;
    Some(ms).filter(|ms| *ms <= p::DURATION_MAX_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Option<Asked> {
        let argv: Vec<OsString> = text.split(' ').map(OsString::from).collect();
        read(&argv)
    }

    #[test]
    fn reads_what_is_ordinary() {
        let asked = read_text("call --name a ./s.mjs x --timeout=1.5s - -- -v --").unwrap();
        assert_eq!((asked.service.as_str(), asked.name.as_deref()), ("./s.mjs", Some("a")));
        assert_eq!(asked.args, ["x", "-", "-v", "--"]);
        assert_eq!(asked.timeout_ms, Some(1_500.0));
        assert_eq!(read_text("kick --no-daemon --daemon s").unwrap().daemon, Some(true));
        assert_eq!(read_text("kick --daemon --no-daemon s").unwrap().daemon, Some(true));
        assert!(read_text("call --idle-timeout 1m s").unwrap().has_daemon_options);
        assert_eq!(read_text("call -- s").unwrap().service, "s");
        assert_eq!(read_text("call s").unwrap().errors, Errors::Stderr);
        assert_eq!(read_text("serve --name a s").unwrap().service, "s");
        assert_eq!(read_text("call --errors line s").unwrap().errors, Errors::Line);
    }

    #[test]
    fn a_program_follows_the_last_dashes() {
        let asked = read_text("call s a --fallback command -- cat -n").unwrap();
        assert_eq!((asked.args, asked.program), (vec!["a".into()], vec!["cat".into(), "-n".into()]));
        let asked = read_text("call s --fallback command -- -x -- cat").unwrap();
        assert_eq!((asked.args, asked.program), (vec!["-x".into()], vec!["cat".into()]));
    }

    #[test]
    fn a_service_file_may_stand_after_a_name_and_dashes() {
        for service in ["s.mjs", "dir.d/s.cjs", "solod:status-line"] {
            assert_eq!(read_text(&format!("call --name a -- {service} x")).unwrap().service, service);
        }
        assert_eq!(read_text("call --name a s -- x").unwrap().service, "s");
        assert_eq!(read_text("call -- s").unwrap().service, "s");
    }

    #[test]
    fn leaves_what_is_not_to_node() {
        for text in [
            "status s",
            "call",
            "call --help s",
            "call -v s",
            "call --nonsense s",
            "call --name",
            "call --name -x s",
            "call --daemon=1 s",
            "call --timeout x s",
            "call --timeout 1d s",
            "call --timeout 1. s",
            "call --timeout 3000000 s",
            "call --fallback never s",
            "call --errors never s",
            "kick --errors line s",
            "call s --fallback command",
            "kick --timeout 1 s",
            "kick --fallback wait s",
            "serve",
            "serve s x",
            "serve s -- x",
            "serve --idle-timeout 1m s",
            "serve --daemon s",
            "call --name a -- ./program x",
            "kick --name a -- python3 x.py",
        ] {
            assert!(read_text(text).is_none(), "{text}");
        }
    }
}
