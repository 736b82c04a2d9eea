//! What this process sees of its machine; see `src/adapters/node/processes/own-scope.ts`.

use super::time::wall_ms;
use crate::domain::layout::short_hash;
use crate::domain::scope::Machine;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;

fn line(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

/// One read(2) gets the whole of it.
pub fn boot() -> String {
    let mut text = [0; 64];
    let read = File::open("/proc/sys/kernel/random/boot_id").and_then(|mut file| file.read(&mut text));
    String::from_utf8_lossy(&text[..read.unwrap_or(0)]).trim().to_owned()
}

/// `mnt:[4026531841]`
fn namespace(kind: &str) -> String {
    let target = fs::read_link(format!("/proc/self/ns/{kind}")).unwrap_or_default();
    target.to_string_lossy().chars().filter(char::is_ascii_digit).collect()
}

/// Namespaces and root directory, with dots between. Without a /proc nothing is known of the former.
pub fn ids() -> String {
    let (dev, ino) = fs::metadata("/").map_or((0, 0), |root| (root.dev(), root.ino()));
    let [mount, network, pid, user] = ["mnt", "net", "pid", "user"].map(namespace);
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
