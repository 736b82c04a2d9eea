//! What is decided. Each procedure is the one of the same name in `src/domain`, there a state machine, here straight through
//! its calls; every call goes through `Ports`, so that it can be run over a disk that is none.

pub mod diagnostic;
pub mod edition;
pub mod failure;
#[cfg(test)]
mod faults;
pub mod identity;
pub mod json;
pub mod kick;
pub mod layout;
pub mod ledger;
#[cfg(test)]
mod memory;
pub mod obtain;
pub mod owner;
pub mod ports;
pub mod share;
pub mod spawn_lock;
pub mod state_directory;
pub mod timing;
pub mod verdict;
pub mod witness;
