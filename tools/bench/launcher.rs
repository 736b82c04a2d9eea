//! Starts the processes that `npm run bench` measures, and tells how long each took. Node takes longer to start a process than some of
//! these processes run. A request is a line of fields with tabs between them; so is the answer.
//!
//! ```text
//! run <directory> <input> <program> <arguments …>      ended <ns> <exit code> <bytes of output> <end of stderr>
//! reach <directory> <socket> <program> <arguments …>   reached <ns> <pid>
//! ```
use std::fs::File;
use std::io::{self, BufRead, Write};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const REACH_WITHIN: Duration = Duration::from_secs(30);
const CONNECT_EVERY: Duration = Duration::from_micros(200);
const STDERR_BYTES: usize = 500;

fn main() -> io::Result<()> {
    // Servers go on running: the caller ends them.
    let mut reached = Vec::new();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let fields: Vec<&str> = line.split('\t').collect();
        let answer = perform(&fields, &mut reached).unwrap_or_else(|error| format!("failed\t{error}"));
        println!("{}", answer.replace('\n', " "));
        io::stdout().flush()?;
    }
    Ok(())
}

fn perform(fields: &[&str], reached: &mut Vec<Child>) -> io::Result<String> {
    match fields {
        ["run", directory, input, program, args @ ..] => {
            let mut command = command(program, args, directory);
            run(command.stdin(File::open(input)?))
        }
        ["reach", directory, socket, program, args @ ..] => {
            let mut command = command(program, args, directory);
            reach(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()), socket, reached)
        }
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "neither run nor reach")),
    }
}

fn command(program: &str, args: &[&str], directory: &str) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(directory).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(command: &mut Command) -> io::Result<String> {
    let begun = Instant::now();
    let output = command.spawn()?.wait_with_output()?;
    let took = begun.elapsed().as_nanos();
    let code = output.status.code().unwrap_or(-1);
    let said = &output.stderr[output.stderr.len().saturating_sub(STDERR_BYTES)..];
    let said = String::from_utf8_lossy(said).replace('\t', " ");
    Ok(format!("ended\t{took}\t{code}\t{}\t{said}", output.stdout.len()))
}

fn reach(command: &mut Command, socket: &str, reached: &mut Vec<Child>) -> io::Result<String> {
    let begun = Instant::now();
    let mut child = command.spawn()?;
    while UnixStream::connect(socket).is_err() {
        if let Some(status) = child.try_wait()? {
            return Err(io::Error::new(
                io::ErrorKind::Other,
                format!("the program ended ({status}) and never listened"),
            ));
        }
        if begun.elapsed() > REACH_WITHIN {
            child.kill()?;
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the program does not listen"));
        }
        sleep(CONNECT_EVERY);
    }
    let took = begun.elapsed().as_nanos();
    let pid = child.id();
    reached.push(child);
    Ok(format!("reached\t{took}\t{pid}"))
}
