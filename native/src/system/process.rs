//! The process table as `/proc` shows it, or, where it does not, as kill(2) with signal 0 does.

use super::libc::{self, PollFd, ESRCH, POLLNVAL};
use crate::domain::identity::Identity;
use crate::domain::ports::{Activity, Sighting};
use crate::protocol as p;
use std::convert::TryFrom;
use std::fs;
use std::io;
use std::thread::sleep;
use std::time::Duration;

pub fn look_up(pid: i64) -> Sighting {
    match fs::read(format!("/proc/{pid}/stat")) {
        Ok(stat) => parse_stat(&String::from_utf8_lossy(&stat)),
        // Not there: gone, or hidden from us. Or it ended while it was read, which is ESRCH.
        Err(_) => look_up_by_signal(pid),
    }
}

/// proc_pid_stat(5): the command name, in parentheses, may hold anything; after its last ")" come the state, and field 22.
fn parse_stat(stat: &str) -> Sighting {
    let after = stat.rfind(')').and_then(|at| stat.get(at + 2..)).unwrap_or_default();
    let mut fields = after.split(' ');
    let activity = match fields.next().unwrap_or_default() {
        "Z" | "X" => Activity::Zombie,
        "T" | "t" => Activity::Stopped,
        _ => Activity::Running,
    };
    Sighting::Present { start_time: fields.nth(18).unwrap_or_default().to_owned(), activity }
}

/// kill(2): ESRCH is the one definitive answer.
fn look_up_by_signal(pid: i64) -> Sighting {
    let pid = match i32::try_from(pid) {
        Ok(pid) => pid,
        // No process has such an id.
        Err(_) => return Sighting::Gone,
    };
    if unsafe { libc::kill(pid, 0) } == 0 {
        return Sighting::Present { start_time: String::new(), activity: Activity::Running };
    }
    match io::Error::last_os_error().raw_os_error() {
        Some(ESRCH) => Sighting::Gone,
        _ => Sighting::Hidden,
    }
}

/// SIGKILL; false where that was refused. Only with the proof that the process is the one that is meant.
pub fn kill(pid: i64) -> bool {
    i32::try_from(pid).map_or(false, |pid| pid > 0 && unsafe { libc::kill(pid, libc::SIGKILL) } == 0)
}

/// Who this process is. What the system does not tell is left empty.
pub fn identity() -> Identity {
    let pid = i64::from(std::process::id());
    let start_time = match look_up(pid) {
        Sighting::Present { start_time, .. } => start_time,
        _ => String::new(),
    };
    let boot_id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let namespace = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    Identity {
        pid,
        start_time,
        boot_id: boot_id.trim().to_owned(),
        pid_namespace: namespace.to_string_lossy().into_owned(),
    }
}

pub fn user_id() -> u32 {
    unsafe { libc::getuid() }
}

/// There is no call that only reads it. This process has one thread when it asks.
pub fn umask() -> u32 {
    unsafe {
        let mask = libc::umask(0o022);
        libc::umask(mask);
        mask
    }
}

/// What `std` does before `main`. A stream of the caller that is closed becomes `/dev/null`: else the next file that is opened would
/// take its place. A reader that has gone away is an error (EPIPE), not the end of this process.
pub fn prepare() {
    let mut streams = [0, 1, 2].map(|fd| PollFd { fd, events: 0, revents: 0 });
    unsafe {
        libc::poll(streams.as_mut_ptr(), 3, 0);
        for _ in streams.iter().filter(|stream| stream.revents & POLLNVAL != 0) {
            // The lowest that is free: the closed ones in turn.
            if libc::open(b"/dev/null\0".as_ptr().cast(), libc::O_RDWR) < 0 {
                libc::_exit(p::EXIT_OS_ERROR);
            }
        }
        libc::signal(libc::SIGPIPE, libc::SIG_IGN);
    }
}

/// Ends at once: the system frees everything.
pub fn end(code: i32) -> ! {
    unsafe { libc::_exit(code) }
}

/// How long a process is watched that may be at work.
const LOOK: Duration = Duration::from_millis(200);

/// Whether a process computes, or waits for a child or in another synchronous call. It may not be hung then.
pub fn is_at_work(pid: i64) -> bool {
    let before = work_of(pid);
    sleep(LOOK);
    match (before, work_of(pid)) {
        (Some(before), Some(after)) => after.is_busy || after.has_children || after.ticks != before.ticks,
        _ => false,
    }
}

struct Work {
    /// It runs, or waits for something other than events.
    is_busy: bool,
    has_children: bool,
    /// Processor time, in ticks of the system's clock.
    ticks: u64,
}

/// None for a process that is stopped, gone or hidden.
fn work_of(pid: i64) -> Option<Work> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    let fields: Vec<&str> = stat.get(stat.rfind(')')? + 2..)?.split(' ').collect();
    let state = *fields.first()?;
    let children = fs::read(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    // Fields 14 and 15: utime and stime.
    let ticks = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    let is_stopped = matches!(state, "T" | "t" | "Z" | "X");
    let is_busy = matches!(state, "R" | "D") || is_blocked(pid);
    let work = Work { is_busy, has_children: !children.is_empty(), ticks };
    Some(work).filter(|_| !is_stopped)
}

/// Whether its main thread waits for something other than events. Not every kernel says where a process waits.
fn is_blocked(pid: i64) -> bool {
    let place = fs::read_to_string(format!("/proc/{pid}/wchan")).unwrap_or_default();
    place.len() > 1
        && !["epoll", "ep_poll", "poll_schedule", "io_uring"].iter().any(|known| place.contains(known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn reads_a_stat_whose_name_holds_anything() {
        let fields: Vec<String> = (4..=22).map(|field| field.to_string()).collect();
        let stat = format!("7 (a) S (x)) T {} 23\n", fields.join(" "));
        assert_eq!(
            parse_stat(&stat),
            Sighting::Present { start_time: "22".into(), activity: Activity::Stopped }
        );
        assert_eq!(
            parse_stat(""),
            Sighting::Present { start_time: String::new(), activity: Activity::Running }
        );
    }

    #[test]
    fn sees_itself_and_nobody_else_by_its_id() {
        assert!(matches!(look_up(identity().pid), Sighting::Present { activity: Activity::Running, .. }));
        assert_eq!(look_up(4_194_305), Sighting::Gone);
        assert_eq!(look_up(9_007_199_254_740_991), Sighting::Gone);
    }

    #[test]
    fn sees_that_a_process_waits_for_its_child() {
        let shell = |script| Command::new("sh").args(["-c", script]).stdin(Stdio::piped()).spawn().unwrap();
        for (script, is_waiting) in [("cat; :", true), ("read line", true)] {
            let mut child = shell(script);
            sleep(LOOK);
            assert_eq!(is_at_work(i64::from(child.id())), is_waiting, "{script}");
            drop(child.stdin.take());
            child.wait().unwrap();
            assert!(!is_at_work(i64::from(child.id())));
        }
    }

    #[test]
    fn sees_that_a_process_waits_for_events() {
        let mut child = Command::new("tail")
            .args(["-f", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        sleep(LOOK);
        let is_working = is_at_work(i64::from(child.id()));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!is_working);
    }
}
