//! What is decided. Each function is the one of the same name in `src/domain`: there a generator that yields its calls, here
//! straight through them. Every call goes through `Ports`, so that it can be run over a disk that is none.

pub mod claim;
pub mod connect_verdict;
pub mod derive_place;
pub mod edition;
pub mod environment;
pub mod failure;
#[cfg(test)]
mod faults;
pub mod held_lock;
pub mod identity;
pub mod json;
pub mod kick;
pub mod layout;
pub mod lock_witness;
#[cfg(test)]
mod memory;
pub mod obtain;
pub mod one_line;
pub mod owner;
pub mod owner_witness;
pub mod ports;
pub mod reach_daemon;
pub mod restore_current;
pub mod scope;
pub mod share;
pub mod short_root;
pub mod spawn_lock;
pub mod start_daemon;
pub mod start_ledger;
pub mod state_directory;
pub mod sweep;
pub mod take_root;
pub mod timing;
pub mod trusted_path;
