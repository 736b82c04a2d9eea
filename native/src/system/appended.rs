//! Files that several processes append to, and that are kept from growing for ever. Whatever goes wrong with them is passed over:
//! they are a diagnosis, and stop nothing.

use super::libc::{O_NOFOLLOW, O_NONBLOCK};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};

/// A fifo by that name must not hold the caller up, nor a link lead it elsewhere.
const FLAGS: i32 = O_NOFOLLOW | O_NONBLOCK;
const PRIVATE_FILE: u32 = 0o600;
const OWNER: u32 = 0o700;

/// Opens it to append; one that has become too long is called `before` from then on.
pub fn open(path: &str, before: &str, bytes_max: u64) -> io::Result<File> {
    if fs::metadata(path).map_or(0, |found| found.len()) > bytes_max {
        fs::rename(path, before)?;
    }
    let file =
        OpenOptions::new().append(true).create(true).mode(PRIVATE_FILE).custom_flags(FLAGS).open(path)?;
    keep_for_owner(&file, PRIVATE_FILE)?;
    Ok(file)
}

/// A umask takes from the owner too, if it says so.
pub fn keep_for_owner(file: &File, mode: u32) -> io::Result<()> {
    if (file.metadata()?.permissions().mode() ^ mode) & OWNER == 0 {
        return Ok(());
    }
    file.set_permissions(Permissions::from_mode(mode))
}

pub fn append(path: &str, before: &str, bytes_max: u64, text: &str) {
    if let Ok(mut file) = open(path, before, bytes_max) {
        let _ = file.write(text.as_bytes());
    }
}

/// The end of a file, empty where it can't be read; all of it counts where it has been emptied since it was `from` long.
pub fn tail(path: &str, from: u64, bytes_max: u64) -> String {
    let opened = OpenOptions::new().read(true).custom_flags(FLAGS).open(path);
    opened.map_or_else(|_| String::new(), |mut file| tail_of(&mut file, from, bytes_max))
}

/// The same of a file that is open.
pub fn tail_of(file: &mut File, from: u64, bytes_max: u64) -> String {
    let mut read = || -> io::Result<Vec<u8>> {
        let size = file.metadata()?.len();
        let start = size.saturating_sub(bytes_max).max(if from > size { 0 } else { from });
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.take(bytes_max).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_or_else(|_| String::new(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_put_aside_when_too_long_and_read_from_its_end() {
        let path = std::env::temp_dir().join(format!("solod-appended-{}", std::process::id()));
        let (path, before) =
            (path.display().to_string(), path.with_extension("before").display().to_string());
        for text in ["one, ", "two, ", "three"] {
            append(&path, &before, 6, text);
        }
        let tails = [tail(&path, 0, 99), tail(&path, 2, 99), tail(&path, 0, 2), tail(&path, 99, 3)];
        let read = tail(&before, 0, 99);
        fs::remove_file(&path).unwrap();
        fs::remove_file(&before).unwrap();
        assert_eq!((tails, read.as_str()), (["three", "ree", "ee", "ree"].map(String::from), "one, two, "));
    }
}
