//! What a daemon that has claimed clears away; see `src/domain/claim/sweep.ts`. It is housekeeping: no error fails it, and what
//! could still be in use stays.

use super::connect_verdict::{judge_connect, Verdict};
use super::layout;
use super::ports::{Change, Found, Ports, Sighting};
use crate::protocol as p;

pub struct SweepPlan {
    pub directory: String,
    pub nonce: String,
    /// Generations below this one are collected. The claim has seen the one before it dead.
    pub below: u32,
}

enum NameVerdict {
    Generation(u32),
    /// The process that made it.
    Private(i64),
    Trash,
    Other,
}

fn judge_name(name: &str) -> NameVerdict {
    if name.starts_with(p::TRASH) {
        return NameVerdict::Trash;
    }
    match (layout::maker_of(name), layout::generation_of(name)) {
        (Some(maker), _) => NameVerdict::Private(maker),
        (None, Some(generation)) => NameVerdict::Generation(generation),
        (None, None) => NameVerdict::Other,
    }
}

/// The names in the directory that are due, at most `SWEEP_MAX` of them.
pub fn list_to_sweep(ports: &mut impl Ports, plan: &SweepPlan) -> Vec<String> {
    let mut due = match ports.list(&plan.directory) {
        Found::There(names) => names,
        _ => return Vec::new(),
    };
    due.retain(|name| match judge_name(name) {
        NameVerdict::Generation(generation) => generation < plan.below,
        NameVerdict::Private(_) => !name.contains(&plan.nonce),
        NameVerdict::Trash => true,
        NameVerdict::Other => false,
    });
    // What takes one call each comes first: generations are numbers, and sort before everything else.
    due.sort_by(|one, other| other.cmp(one));
    due.truncate(p::SWEEP_MAX);
    due
}

pub fn sweep_one(ports: &mut impl Ports, plan: &SweepPlan, name: &str) {
    let path = format!("{}/{name}", plan.directory);
    match judge_name(name) {
        NameVerdict::Generation(generation) => sweep_generation(ports, plan, generation),
        NameVerdict::Private(maker) => sweep_private(ports, &path, maker),
        NameVerdict::Trash => {
            ports.remove_tree(&path);
        }
        NameVerdict::Other => {}
    }
}

fn sweep_private(ports: &mut impl Ports, path: &str, maker: i64) {
    let modified_ms = match ports.inspect(path) {
        Found::There(entry) => entry.modified_ms,
        _ => return,
    };
    if ports.now().wall_ms - modified_ms >= p::ABANDONED_MS && ports.look_up(maker) == Sighting::Gone {
        ports.remove_tree(path);
    }
}

fn sweep_generation(ports: &mut impl Ports, plan: &SweepPlan, generation: u32) {
    if generation + 1 != plan.below {
        let reading = ports.connect(&layout::generation_socket(&plan.directory, generation));
        if !matches!(judge_connect(&reading), Verdict::Dead | Verdict::Absent) {
            return;
        }
    }
    let trash = layout::swept_generation(&plan.directory, &plan.nonce, generation);
    // EXDEV: an overlay file system's lower layer can't be moved. It is dead, and stays.
    if ports.rename(&layout::generation(&plan.directory, generation), &trash) == Change::Done {
        ports.remove_tree(&trash);
    }
}
