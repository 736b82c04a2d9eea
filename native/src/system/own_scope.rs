//! What this process sees of its machine; see `src/adapters/node/processes/own-scope.ts`.

use super::libc;
use super::time::wall_ms;
use crate::domain::layout::short_hash;
use crate::domain::scope::Machine;
use std::fs::{self, File};
use std::io::Read;
use std::os::raw::{c_int, c_ulong};
use std::os::unix::fs::MetadataExt;
use std::os::unix::io::{AsRawFd, FromRawFd};

fn line(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

/// One read(2) gets the whole of it.
pub fn boot() -> String {
    let mut text = [0; 64];
    let read = File::open("/proc/sys/kernel/random/boot_id").and_then(|mut file| file.read(&mut text));
    String::from_utf8_lossy(&text[..read.unwrap_or(0)]).trim().to_owned()
}

/// The namespaces that count: their names below `/proc/self/ns`, and what asks a process for them (ioctl_pidfd(2)).
const NAMESPACES: [(&str, c_ulong); 4] =
    [("mnt", 0xff03), ("net", 0xff04), ("pid", 0xff05), ("user", 0xff09)];

/// `mnt:[4026531841]`
fn namespace(kind: &str) -> String {
    let target = fs::read_link(format!("/proc/self/ns/{kind}")).unwrap_or_default();
    target.to_string_lossy().chars().filter(char::is_ascii_digit).collect()
}

/// A descriptor of this process; None where the kernel has none (before Linux 5.3).
fn own_process() -> Option<File> {
    let pid = std::process::id() as c_int;
    let opened = unsafe { libc::syscall(libc::SYS_PIDFD_OPEN, pid, 0 as c_int) };
    (opened >= 0).then(|| unsafe { File::from_raw_fd(opened as c_int) })
}

/// The same number without `/proc`, where the kernel first makes several files for each new process that looks there. None before
/// Linux 6.11.
fn namespace_of(process: &File, request: c_ulong) -> Option<String> {
    let opened = unsafe { libc::ioctl(process.as_raw_fd(), request, 0 as c_int) };
    let namespace = (opened >= 0).then(|| unsafe { File::from_raw_fd(opened) })?;
    Some(namespace.metadata().ok()?.ino().to_string())
}

/// Namespaces and root directory, with dots between. Without a /proc, which has the `boot` id as well, nothing is known of the former.
pub fn ids(boot: &str) -> String {
    let (dev, ino) = fs::metadata("/").map_or((0, 0), |root| (root.dev(), root.ino()));
    let process = if boot.is_empty() { None } else { own_process() };
    let [mount, network, pid, user] = NAMESPACES.map(|(kind, request)| {
        let asked = process.as_ref().and_then(|process| namespace_of(process, request));
        asked.unwrap_or_else(|| namespace(kind))
    });
    format!("{mount}.{network}.{pid}.{user}.{dev}.{ino}")
}

/// machine-id(5); where there is none, the name of the host.
pub fn machine() -> Machine {
    let id = Some(line("/etc/machine-id")).filter(|id| !id.is_empty());
    let id = id.unwrap_or_else(|| line("/proc/sys/kernel/hostname"));
    let uptime = line("/proc/uptime");
    let up_s: f64 = uptime.split(' ').next().and_then(|seconds| seconds.parse().ok()).unwrap_or(0.0);
    let wall_ms = wall_ms();
    Machine { machine: short_hash(&format!("solod {id}")), booted_ms: wall_ms - up_s * 1_000.0, wall_ms }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_namespaces_by_either_way() {
        let process = own_process();
        for (kind, request) in NAMESPACES {
            let known = namespace(kind);
            let asked = process.as_ref().and_then(|process| namespace_of(process, request));
            assert!(asked.map_or(true, |asked| asked == known), "{kind}");
        }
    }

    #[test]
    fn knows_none_without_a_boot_id_unless_proc_has_them() {
        assert_eq!(ids(""), ids(&boot()));
    }
}
