use std::env;
use std::fs;

/// Resolves a path as Node's path.resolve does, by its text alone: absolute, without `.`, `..` and doubled
/// slashes. None without a working directory.
pub fn resolve(path: &str) -> Option<String> {
    let joined = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("{}/{path}", env::current_dir().ok()?.to_str()?)
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in joined.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    Some(format!("/{}", parts.join("/")))
}

/// realpath(3) of the resolved path. None if there is no such file, or if its path is not valid UTF-8.
pub fn real(path: &str) -> Option<String> {
    fs::canonicalize(resolve(path)?).ok()?.into_os_string().into_string().ok()
}

/// The home that passwd(5) has of a user. None if the user is not in the file: another source of the user
/// database, which getpwuid(3) knows, may have it.
pub fn home_of(user_id: u32) -> Option<String> {
    home_in(&fs::read_to_string("/etc/passwd").ok()?, user_id)
}

fn home_in(passwd: &str, user_id: u32) -> Option<String> {
    let fields = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let mut own = fields.filter(|fields| fields.get(2) == Some(&user_id.to_string().as_str()));
    own.next()?.get(5).map(|home| (*home).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_home_of_the_first_entry() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nu:x:7:7::/home/u:/bin/sh\nv:x:7:7::/home/v:/bin/sh\n";
        assert_eq!(home_in(passwd, 7).as_deref(), Some("/home/u"));
        assert_eq!(home_in(passwd, 8), None);
        assert_eq!(home_in("broken:x:8", 8), None);
    }

    #[test]
    fn resolves_as_node_does() {
        assert_eq!(resolve("/a//b/./c/../d/").unwrap(), "/a/b/d");
        assert_eq!(resolve("/../..").unwrap(), "/");
        assert!(resolve("x").unwrap().ends_with("/x"));
    }
}
