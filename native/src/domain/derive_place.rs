//! Where the daemons of a caller live; see `src/domain/place/derive-place.ts`.

use super::ports::{Entry, Found};
use super::scope::{is_scope_word, part_of, standing_in, Machine, Standing};
use super::state_directory::{distrust_of, is_closed};
use super::trusted_path::{follow_path, Followed, Look};
use crate::protocol as p;

/// What the user database says of the caller's home.
pub enum Home {
    Known(Option<String>),
    /// Only Node asks it.
    Unknown,
}

/// What a caller sees of itself.
pub struct Caller<'a> {
    pub user_id: u32,
    /// An empty variable counts as none, except for `HOME`.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// From here a relative `SOLOD_DIR` counts; empty if it has been removed.
    pub directory: &'a str,
    pub home: &'a dyn Fn() -> Home,
    pub scope: &'a dyn Fn() -> String,
    pub machine: &'a dyn Fn() -> Machine,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BaseKind {
    Named,
    Runtime,
    StateHome,
    Home,
    Session,
    UserHome,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Ignored {
    Relative,
    Absent,
    Foreign,
    Open,
    AboveForeign,
    Distrusted { path: String, why: &'static str },
    Failed,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Derivation {
    Place {
        base: BaseKind,
        asked: String,
        root: String,
        standing: Standing,
        scope: String,
    },
    NoHome,
    NoDirectory,
    ScopeInvalid,
    Distrusted {
        path: String,
        why: &'static str,
    },
    /// Only Node can tell.
    Unknown,
}

pub struct Base {
    kind: BaseKind,
    /// None for a home that only Node can ask for.
    path: Option<String>,
    pub below: &'static str,
}

const STATE: &str = ".local/state/solod";

/// The same answer for the same readings; changes nothing. With it the bases that were ignored.
pub fn derive_place(caller: &Caller, look: &dyn Look) -> (Derivation, Vec<(BaseKind, Ignored)>) {
    if set(caller, "SOLOD_SCOPE").map_or(false, |word| !is_scope_word(&word)) {
        return (Derivation::ScopeInvalid, Vec::new());
    }
    if let Some(named) = set(caller, "SOLOD_DIR") {
        return (named_place(&named, caller, look), Vec::new());
    }
    let mut ignored = Vec::new();
    for base in bases_of(caller, look) {
        match judge_base(&base, base.below, caller.user_id, look) {
            Some(Ok(root)) => return (settled(base.kind, root, caller, look), ignored),
            Some(Err(why)) => ignored.push((base.kind, why)),
            None => return (Derivation::Unknown, ignored),
        }
    }
    let distrusted = ignored.iter().find_map(|(_, why)| match why {
        Ignored::Distrusted { path, why } => Some(Derivation::Distrusted { path: path.clone(), why }),
        _ => None,
    });
    (distrusted.unwrap_or(Derivation::NoHome), ignored)
}

/// A named directory that can't be used is refused with its reason: no other one takes its place.
fn named_place(named: &str, caller: &Caller, look: &dyn Look) -> Derivation {
    let path = match absolute(named, caller.directory) {
        Some(path) => path,
        None => return Derivation::NoDirectory,
    };
    let (above, name) = path.rsplit_once('/').unwrap_or(("", ""));
    let asked = match follow_path(if above.is_empty() { "/" } else { above }, caller.user_id, look) {
        Followed::Distrusted { path, why } => return Derivation::Distrusted { path, why },
        // Making the directory fails the same way, and says so.
        Followed::Failed { .. } => path.clone(),
        Followed::There { .. } if name.is_empty() => "/".to_owned(),
        Followed::There { path, .. } => below(&path, name),
        Followed::Missing { path, names, .. } => below(&path, &format!("{}/{name}", names.join("/"))),
    };
    settled(BaseKind::Named, asked, caller, look)
}

fn settled(base: BaseKind, asked: String, caller: &Caller, look: &dyn Look) -> Derivation {
    let scope = (caller.scope)();
    let standing = standing_in(&asked, &scope, look, caller.machine);
    let root = match standing {
        Standing::Part | Standing::NewPart => part_of(&asked, &scope),
        Standing::Own | Standing::Free | Standing::Over => asked.clone(),
    };
    Derivation::Place { base, asked, root, standing, scope }
}

/// In their order.
pub fn bases_of(caller: &Caller, look: &dyn Look) -> Vec<Base> {
    let base = |kind, path, below| Base { kind, path: Some(path), below };
    let unknown = Base { kind: BaseKind::UserHome, path: None, below: STATE };
    let named = (caller.env)("HOME");
    let runtime = runtime_of(caller);
    let is_apart = match look.inspect(&runtime) {
        Found::There(_) => match lives_apart(caller, look) {
            Some(is_apart) => is_apart,
            None => return vec![unknown],
        },
        Found::Absent | Found::WrongType | Found::Failed(_) => false,
    };
    let mut bases = Vec::new();
    if !is_apart {
        bases.push(base(BaseKind::Runtime, runtime.clone(), "solod"));
    }
    bases.extend(set(caller, "XDG_STATE_HOME").map(|path| base(BaseKind::StateHome, path, "solod")));
    bases.extend(set(caller, "HOME").map(|path| base(BaseKind::Home, path, STATE)));
    let session = set(caller, "XDG_RUNTIME_DIR").filter(|path| *path != runtime);
    bases.extend(session.map(|path| base(BaseKind::Session, path, "solod")));
    if is_apart {
        bases.push(base(BaseKind::Runtime, runtime, "solod"));
    }
    // An empty or relative HOME says on purpose that there is none.
    if named.as_ref().map_or(true, |home| home.starts_with('/')) {
        match (caller.home)() {
            Home::Unknown => bases.push(unknown),
            Home::Known(home) => {
                let other = home.filter(|home| Some(home) != named.as_ref());
                bases.extend(other.map(|path| base(BaseKind::UserHome, path, STATE)));
            }
        }
    }
    bases
}

/// An empty variable counts as none.
fn set(caller: &Caller, name: &str) -> Option<String> {
    (caller.env)(name).filter(|value| !value.is_empty())
}

fn runtime_of(caller: &Caller) -> String {
    format!("/run/user/{}", caller.user_id)
}

/// Whether a caller has a home, or a runtime directory, that is not its login's. None if only Node can tell.
fn lives_apart(caller: &Caller, look: &dyn Look) -> Option<bool> {
    let home = match set(caller, "HOME") {
        Some(home) => home,
        None => return Some(set(caller, "XDG_RUNTIME_DIR").map_or(false, |path| path != runtime_of(caller))),
    };
    if !home.starts_with('/') {
        return Some(false);
    }
    let known = match (caller.home)() {
        Home::Unknown => return None,
        Home::Known(known) => known.filter(|known| *known != home),
    };
    let followed = |path: &str| match follow_path(path, caller.user_id, look) {
        Followed::There { path, .. } => Some(path),
        Followed::Missing { .. } | Followed::Distrusted { .. } | Followed::Failed { .. } => None,
    };
    Some(known.map_or(false, |known| followed(&known).is_none() || followed(&known) != followed(&home)))
}

/// A base directory must be the caller's own (XDG Base Directory Specification), and so must be all that is made in it. None if only
/// Node can tell.
pub fn judge_base(base: &Base, tail: &str, user_id: u32, look: &dyn Look) -> Option<Result<String, Ignored>> {
    let asked = base.path.as_ref()?;
    Some(if asked.starts_with('/') {
        judge_path(base.kind, asked, tail, user_id, look)
    } else {
        Err(Ignored::Relative)
    })
}

fn judge_path(
    kind: BaseKind,
    asked: &str,
    tail: &str,
    user_id: u32,
    look: &dyn Look,
) -> Result<String, Ignored> {
    let (path, entry) = match follow_path(asked, user_id, look) {
        Followed::There { path, entry } => (path, entry),
        Followed::Missing { path, entry, names } => {
            let is_own = kind == BaseKind::StateHome && entry.user_id == user_id;
            let root = below(&path, &format!("{}/{tail}", names.join("/")));
            return if is_own { Ok(root) } else { Err(Ignored::Absent) };
        }
        Followed::Distrusted { path, why: p::TEXT_DISTRUSTED_ABOVE_FOREIGN } if path == asked => {
            return Err(Ignored::Foreign);
        }
        Followed::Distrusted { path, why } => return Err(Ignored::Distrusted { path, why }),
        Followed::Failed { .. } => return Err(Ignored::Failed),
    };
    if entry.user_id != user_id {
        return Err(Ignored::Foreign);
    }
    if [BaseKind::Runtime, BaseKind::Session].contains(&kind) && !is_closed(&entry) {
        return Err(Ignored::Open);
    }
    judge_root(&below(&path, tail), user_id, look)
}

fn judge_root(path: &str, user_id: u32, look: &dyn Look) -> Result<String, Ignored> {
    let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
    let (above, entry, missing): (String, Entry, Vec<String>) = match follow_path(above, user_id, look) {
        Followed::There { path, entry } => {
            let root = below(&path, name);
            if let Found::There(seen) = look.inspect(&root) {
                return match distrust_of(&seen, user_id) {
                    None => Ok(root),
                    Some(why) => Err(Ignored::Distrusted { path: root, why }),
                };
            }
            (path, entry, Vec::new())
        }
        Followed::Missing { path, entry, names } => (path, entry, names),
        Followed::Distrusted { path, why } => return Err(Ignored::Distrusted { path, why }),
        Followed::Failed { .. } => return Err(Ignored::Failed),
    };
    if entry.user_id != user_id {
        return Err(Ignored::AboveForeign);
    }
    let names: Vec<&str> = missing.iter().map(String::as_str).chain([name]).collect();
    Ok(below(&above, &names.join("/")))
}

fn below(path: &str, names: &str) -> String {
    format!("{}/{names}", if path == "/" { "" } else { path })
}

/// By its text alone, as path.resolve of Node does it.
fn absolute(path: &str, directory: &str) -> Option<String> {
    if !path.starts_with('/') && !directory.starts_with('/') {
        return None;
    }
    let whole = if path.starts_with('/') { path.to_owned() } else { format!("{directory}/{path}") };
    let mut names: Vec<&str> = Vec::new();
    for name in whole.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                names.pop();
            }
            name => names.push(name),
        }
    }
    Some(format!("/{}", names.join("/")))
}
