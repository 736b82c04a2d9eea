//! The client's side of a shared MCP server, as `src/domain/share` has it: `relay` is `relay-machine.ts`,
//! over `json-spans.ts` and `rpc-message.ts` as far as that needs them.

pub mod lines;
pub mod message;
pub mod relay;
pub mod spans;
