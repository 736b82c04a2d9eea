//! Takes a state directory that no scope has used yet, before a daemon is started there. `src/domain/place/take-root.ts` does the
//! same, and also handles the records of other scopes. If a step fails, the directory stays as it was, and Node reports why.

use super::layout;
use super::ports::{Change, Found, Ports};
use super::state_directory::distrust_of;
use crate::protocol as p;

pub struct TakePlan<'a> {
    pub asked: &'a str,
    /// What `scope_text` says.
    pub scope: &'a str,
    pub machine: &'a str,
    pub user_id: u32,
    pub nonce: &'a str,
}

pub fn take_root(ports: &mut impl Ports, plan: &TakePlan) {
    let TakePlan { asked, scope, machine, user_id, nonce } = *plan;
    ports.make_directories(asked);
    // Nothing is made in another user's directory. Preparing it says why it is refused.
    let is_ours = matches!(ports.inspect(asked), Found::There(seen) if distrust_of(&seen, user_id).is_none());
    if !is_ours || has_parts(ports, asked) {
        return;
    }
    let private = layout::private_scope_record(asked, nonce);
    if ports.make_directory(&private) != Change::Done {
        return;
    }
    ports.make_link(scope, &format!("{private}/of"));
    ports.make_link(machine, &format!("{private}/machine"));
    // Exclusive: another process, of this scope or of another one, may have been faster.
    if ports.rename(&private, &layout::scope_record(asked)) != Change::Done {
        ports.remove_tree(&private);
    }
}

/// Parts of other scopes: Node removes old ones when it takes the directory.
fn has_parts(ports: &mut impl Ports, asked: &str) -> bool {
    match ports.list(asked) {
        Found::There(names) => names.iter().any(|name| name.starts_with(p::PART)),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::memory::{Fault, Memory, USER_ID};
    use super::*;

    const PLAN: TakePlan =
        TakePlan { asked: "/s", scope: "b1.one", machine: "m", user_id: USER_ID, nonce: "7-a" };

    fn of(memory: &mut Memory) -> Found<String> {
        memory.read_link("/s/.scope/of")
    }

    #[test]
    fn makes_the_directory_and_its_record() {
        let mut memory = Memory::with_directories(&[]);
        take_root(&mut memory, &PLAN);
        assert_eq!(of(&mut memory), Found::There("b1.one".to_owned()));
        assert_eq!(memory.read_link("/s/.scope/machine"), Found::There("m".to_owned()));
        assert!(!memory.has("/s/tmp.7-a.scope"));
    }

    #[test]
    fn leaves_the_record_of_a_faster_process() {
        let mut memory = Memory::with_directories(&["/s", "/s/.scope"]);
        memory.make_link("b1.two", "/s/.scope/of");
        take_root(&mut memory, &PLAN);
        assert_eq!(of(&mut memory), Found::There("b1.two".to_owned()));
        assert!(!memory.has("/s/tmp.7-a.scope"));
    }

    #[test]
    fn makes_nothing_in_a_directory_of_another_user() {
        let mut memory = Memory::with_directories(&[]);
        memory.give_to("/s", USER_ID + 1);
        take_root(&mut memory, &PLAN);
        assert_eq!(of(&mut memory), Found::Absent);
    }

    #[test]
    fn leaves_a_directory_with_parts_to_node() {
        let mut memory = Memory::with_directories(&["/s", "/s/.at-1"]);
        take_root(&mut memory, &PLAN);
        assert!(!memory.has("/s/.scope"));
    }

    #[test]
    fn goes_no_further_where_a_step_fails() {
        for (call, path) in [("make_directory", "/s"), ("make_directory", ".scope"), ("rename", ".scope")] {
            let mut memory = Memory::with_directories(&[]);
            memory.faults.push(Fault(call, path, "EROFS", 1));
            take_root(&mut memory, &PLAN);
            assert!(!memory.has("/s/.scope") && !memory.has("/s/tmp.7-a.scope"), "{call} {path}");
        }
    }
}
