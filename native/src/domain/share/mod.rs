//! The client's side of a shared MCP server, as `src/domain/share` has it: `relay` is `relay-machine.ts`,
//! over the parts of `json-spans.ts` and `rpc-message.ts` that it needs.

pub mod lines;
pub mod message;
pub mod relay;
pub mod spans;
