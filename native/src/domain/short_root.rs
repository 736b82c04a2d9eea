//! Where the names live whose own path is too long for a socket; see `src/domain/place/short-root.ts`.

use super::derive_place::{bases_of, judge_base, Caller};
use super::layout::{fits_socket_path, short_hash, ShortRoot};
use super::ports::Found;
use super::state_directory::distrust_of;
use super::trusted_path::{follow_path, Followed, Look};

/// None if only Node can tell.
pub fn short_root_of(scope: &str, caller: &Caller, look: &dyn Look) -> Option<ShortRoot> {
    // Without the boot: /tmp is this machine's, and a unit file names the path for more than one boot.
    let salt = scope.find('.').map_or("", |at| &scope[at..]);
    let found = |root: String| Some(ShortRoot { root, salt: salt.to_owned() });
    let common = format!("/tmp/solod-{}", caller.user_id);
    if is_free(&common, caller.user_id, look) {
        return found(common);
    }
    for base in bases_of(caller, look) {
        let tail = base.below.replace("solod", "solod.short");
        if let Ok(root) = judge_base(&base, &tail, caller.user_id, look)? {
            if fits_socket_path(&format!("{root}/{}", short_hash(""))) {
                return found(root);
            }
        }
    }
    // Refused with its reason when it is prepared.
    found(common)
}

fn is_free(path: &str, user_id: u32, look: &dyn Look) -> bool {
    if !matches!(follow_path("/tmp", user_id, look), Followed::There { .. }) {
        return false;
    }
    match look.inspect(path) {
        Found::Absent => true,
        Found::There(entry) => distrust_of(&entry, user_id).is_none(),
        Found::WrongType | Found::Failed(_) => false,
    }
}
