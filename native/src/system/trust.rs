//! Whether a program, or a file that a program runs, can be trusted: nobody else could have put it there.

use super::process::user_id;
use std::env;
use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// A file that has been checked, by its real path.
#[derive(Debug, PartialEq, Eq)]
pub struct Trusted(PathBuf);

impl Trusted {
    pub fn path(&self) -> &Path {
        &self.0
    }
}

#[derive(Debug, PartialEq, Eq)]
pub enum Distrust {
    Missing,
    NotAFile,
    NotExecutable,
    /// Of the file, or of a directory that it lies in.
    Foreign(PathBuf),
    WritableByOthers(PathBuf),
}

impl Distrust {
    /// What a person reads after the path that was looked at.
    pub fn text(&self) -> String {
        match self {
            Distrust::Missing => "is not there".to_owned(),
            Distrust::NotAFile => "is not a file".to_owned(),
            Distrust::NotExecutable => "can't be executed".to_owned(),
            Distrust::Foreign(at) => {
                format!("is not trusted, because {} belongs to another user (chown)", at.display())
            }
            Distrust::WritableByOthers(at) => {
                format!("is not trusted, because others can write to {} (chmod go-w)", at.display())
            }
        }
    }
}

/// Whose files are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owners {
    /// The user, root, and the owner of this program, who could replace it as well.
    Own,
    /// Anybody: the user has named the directory on the PATH.
    Named,
}

/// `levels`: how many of the directories above it are checked as well. Who may write to one of them could exchange the file.
pub fn check(path: &Path, levels: usize, owners: Owners) -> Result<Trusted, Distrust> {
    let real = fs::canonicalize(path).map_err(|_| Distrust::Missing)?;
    for (depth, at) in real.ancestors().take(levels + 1).enumerate() {
        let found = fs::metadata(at).map_err(|_| Distrust::Missing)?;
        if depth == 0 && !found.is_file() {
            return Err(Distrust::NotAFile);
        }
        if owners == Owners::Own && !is_own(&found) {
            return Err(Distrust::Foreign(at.to_owned()));
        }
        if is_writable_by_others(&found) {
            return Err(Distrust::WritableByOthers(at.to_owned()));
        }
    }
    Ok(Trusted(real))
}

/// The same for a program.
pub fn check_program(path: &Path, levels: usize, owners: Owners) -> Result<Trusted, Distrust> {
    let trusted = check(path, levels, owners)?;
    let mode = fs::metadata(trusted.path()).map_err(|_| Distrust::Missing)?.permissions().mode();
    if mode & 0o111 == 0 {
        return Err(Distrust::NotExecutable);
    }
    Ok(trusted)
}

fn is_own(found: &Metadata) -> bool {
    let owner = found.uid();
    owner == 0 || owner == user_id() || Some(owner) == owner_of_this_program()
}

fn owner_of_this_program() -> Option<u32> {
    Some(fs::metadata(env::current_exe().ok()?).ok()?.uid())
}

const BY_GROUP: u32 = 0o020;
const BY_ALL: u32 = 0o002;

fn is_writable_by_others(found: &Metadata) -> bool {
    let mode = found.mode();
    mode & BY_ALL != 0 || (mode & BY_GROUP != 0 && !is_private_group(found.gid(), found.uid()))
}

/// Many systems give each user a group that nobody else is in, and a umask that lets that group write. group(5).
fn is_private_group(group: u32, owner: u32) -> bool {
    let groups = fs::read_to_string("/etc/group").unwrap_or_default();
    is_private_in(&groups, group, owner)
}

fn is_private_in(groups: &str, group: u32, owner: u32) -> bool {
    let id = group.to_string();
    let known = groups.lines().map(|line| line.split(':').collect::<Vec<_>>());
    match known.into_iter().find(|fields| fields.get(2) == Some(&id.as_str())) {
        Some(fields) => group == owner && fields.get(3).map_or(false, |members| members.trim().is_empty()),
        // Of another machine, as in a container that has a directory of its host.
        None => group == owner,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_a_group_that_nobody_else_is_in() {
        let groups = "root:x:0:\nstaff:x:50:eve\nann:x:1000:\nbob:x:1001:eve\n";
        for (group, owner, is_private) in [
            (1000, 1000, true),
            (1000, 1001, false),
            (1001, 1001, false),
            (50, 1000, false),
            (7, 7, true),
            (7, 8, false),
        ] {
            assert_eq!(is_private_in(groups, group, owner), is_private, "{group} {owner}");
        }
    }

    #[test]
    fn looks_at_the_file_and_at_so_many_directories_above() {
        let base = env::temp_dir().join(format!("solod-trust-{}", std::process::id()));
        let inner = base.join("package/dist");
        fs::create_dir_all(&inner).unwrap();
        let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        let file = inner.join("solod.cjs");
        fs::write(&file, "").unwrap();
        for path in [base.as_path(), &base.join("package"), &inner] {
            set(path, 0o755);
        }
        set(&file, 0o644);
        assert_eq!(check(&file, 2, Owners::Own).unwrap().path(), fs::canonicalize(&file).unwrap());
        assert_eq!(check_program(&file, 2, Owners::Own), Err(Distrust::NotExecutable));
        assert_eq!(check(&inner, 1, Owners::Own), Err(Distrust::NotAFile));
        assert_eq!(check(&inner.join("x"), 1, Owners::Own), Err(Distrust::Missing));
        set(&base.join("package"), 0o777);
        assert!(check(&file, 1, Owners::Own).is_ok());
        let why = Distrust::WritableByOthers(fs::canonicalize(base.join("package")).unwrap());
        assert_eq!(check(&file, 2, Owners::Own), Err(why));
        set(&file, 0o666);
        assert!(matches!(check(&file, 0, Owners::Named), Err(Distrust::WritableByOthers(_))));
        fs::remove_dir_all(base).unwrap();
    }
}
