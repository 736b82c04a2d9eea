//! The world as Linux shows it.

pub mod appended;
pub mod candidate;
pub mod errno;
pub mod files;
pub mod host;
pub mod libc;
pub mod limits;
pub mod own_scope;
pub mod paths;
pub mod process;
pub mod socket;
pub mod spawn;
pub mod streams;
pub mod time;
pub mod trust;
