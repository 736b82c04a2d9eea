//! A request as the chunks that make up its head.

use super::chunks::push_chunk;
use crate::protocol as p;
use crate::system::process::umask;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

pub struct Request<'a> {
    pub command: &'a str,
    pub args: &'a [OsString],
    pub directory: &'a OsStr,
    /// What the caller says of itself.
    pub caller: String,
    /// What the caller's three streams are.
    pub terminals: [Terminal; 3],
}

/// Whether a stream is a terminal; for an output with its columns and rows, where they are known.
#[derive(Clone, Copy)]
pub enum Terminal {
    No,
    Yes,
    Sized(u16, u16),
}

impl Terminal {
    fn text(self) -> String {
        match self {
            Self::No => "0".into(),
            Self::Yes => "1".into(),
            Self::Sized(columns, rows) => format!("{columns}x{rows}"),
        }
    }
}

/// What a Nailgun client says of its platform and its terminal; the caller's own variables of these names don't count.
const OWN_VARIABLES: &[&[u8]] = &[
    b"NAILGUN_FILESEPARATOR",
    b"NAILGUN_PATHSEPARATOR",
    b"NAILGUN_TTY_0",
    b"NAILGUN_TTY_1",
    b"NAILGUN_TTY_2",
    b"NAILGUN_UMASK",
];

/// The whole head in one piece, so that it goes out in one write.
pub fn encode(request: &Request, environment: impl Iterator<Item = (OsString, OsString)>) -> Vec<u8> {
    let mut head = Vec::with_capacity(16 * 1024);
    for arg in request.args {
        push_chunk(&mut head, p::CHUNK_ARGUMENT, arg.as_bytes());
    }
    let mut variable = |name: &[u8], value: &[u8]| {
        push_chunk(&mut head, p::CHUNK_ENVIRONMENT, &[name, b"=", value].concat());
    };
    variable(p::CALLER_VARIABLE.as_bytes(), request.caller.as_bytes());
    for (name, value) in environment {
        if !OWN_VARIABLES.contains(&name.as_bytes()) {
            variable(name.as_bytes(), value.as_bytes());
        }
    }
    variable(OWN_VARIABLES[0], b"/");
    variable(OWN_VARIABLES[1], b":");
    variable(OWN_VARIABLES[5], format!("{:o}", umask()).as_bytes());
    for (name, terminal) in OWN_VARIABLES[2..5].iter().zip(request.terminals) {
        variable(name, terminal.text().as_bytes());
    }
    push_chunk(&mut head, p::CHUNK_DIRECTORY, request.directory.as_bytes());
    push_chunk(&mut head, p::CHUNK_COMMAND, request.command.as_bytes());
    head
}
