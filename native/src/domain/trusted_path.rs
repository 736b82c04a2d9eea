//! Follows a path from the root of the file system and judges each directory on the way; see `src/domain/place/trusted-path.ts`.

use super::ports::{Entry, EntryType, Found};
use crate::protocol as p;

/// What is looked at: nothing here changes anything.
pub trait Look {
    fn inspect(&self, path: &str) -> Found<Entry>;
    fn read_link(&self, path: &str) -> Found<String>;
}

#[derive(Clone, Debug, PartialEq)]
pub enum Followed {
    /// `path` is without links.
    There {
        path: String,
        entry: Entry,
    },
    /// `path` is the last directory that is there; `names` are those that are missing below it.
    Missing {
        path: String,
        entry: Entry,
        names: Vec<String>,
    },
    Distrusted {
        path: String,
        why: &'static str,
    },
    Failed {
        path: String,
    },
}

/// path_resolution(7): the kernel follows no more.
const LINKS_MAX: usize = 40;
const STICKY: u32 = 0o1000;

/// Whether only the owners of what is in a directory, its own owner and root can replace it: inode(7).
fn is_safe_above(entry: &Entry) -> bool {
    entry.mode & 0o022 == 0 || entry.mode & STICKY != 0
}

fn parent_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn shown(path: &str) -> String {
    if path.is_empty() { "/" } else { path }.to_owned()
}

/// An absolute path, with all links followed; the entry is judged as one on the way to something else.
pub fn follow_path(path: &str, user_id: u32, look: &dyn Look) -> Followed {
    let top = match look.inspect("/") {
        Found::There(entry) => entry,
        _ => return Followed::Failed { path: "/".to_owned() },
    };
    // In a user namespace root may have no id. Its owner of `/` can replace everything anyway.
    let owners = [user_id, 0, top.user_id];
    let mut left: Vec<String> = path.split('/').rev().map(str::to_owned).collect();
    let (mut at, mut entry, mut links) = (String::new(), top, 0);
    loop {
        if !is_safe_above(&entry) {
            return Followed::Distrusted { path: shown(&at), why: p::TEXT_DISTRUSTED_ABOVE_WRITABLE };
        }
        let name = match left.pop() {
            None => return Followed::There { path: shown(&at), entry },
            Some(name) if name.is_empty() || name == "." => continue,
            Some(name) => name,
        };
        let next = if name == ".." { parent_of(&at).to_owned() } else { format!("{at}/{name}") };
        let seen = match if next.is_empty() { Found::There(top) } else { look.inspect(&next) } {
            Found::There(seen) => seen,
            Found::Absent => {
                let more = left.into_iter().rev().filter(|name| !name.is_empty());
                return Followed::Missing {
                    path: shown(&at),
                    entry,
                    names: std::iter::once(name).chain(more).collect(),
                };
            }
            _ => return Followed::Failed { path: next },
        };
        if !owners.contains(&seen.user_id) {
            return Followed::Distrusted { path: next, why: p::TEXT_DISTRUSTED_ABOVE_FOREIGN };
        }
        if seen.kind == EntryType::Directory {
            at = next;
            entry = seen;
            continue;
        }
        links += 1;
        match look.read_link(&next) {
            Found::There(target) if links <= LINKS_MAX => {
                if target.starts_with('/') {
                    at.clear();
                    entry = top;
                }
                left.extend(target.split('/').rev().map(str::to_owned));
            }
            _ => return Followed::Failed { path: next },
        }
    }
}
