//! The Nailgun protocol from the caller's side; see `src/app/wire`.

pub mod chunks;
pub mod conversation;
pub mod greeting;
pub mod heartbeat;
pub mod request;
