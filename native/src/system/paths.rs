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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolves_as_node_does() {
        assert_eq!(resolve("/a//b/./c/../d/").unwrap(), "/a/b/d");
        assert_eq!(resolve("/../..").unwrap(), "/");
        assert!(resolve("x").unwrap().ends_with("/x"));
    }
}
