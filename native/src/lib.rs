//! The native client of solod. `domain` decides and knows the world only by its ports, as `src/domain` does in
//! TypeScript; `system` is the world, `wire` the Nailgun protocol, `app` the command.

// A failure is made once in a process' life.
#![allow(clippy::result_large_err)]

#[cfg(not(target_os = "linux"))]
compile_error!("the native client is written for Linux; elsewhere the one in TypeScript does the same");

pub mod app;
pub mod domain;
#[rustfmt::skip]
pub mod protocol;
pub mod system;
pub mod wire;
