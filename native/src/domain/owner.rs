use super::identity::Identity;
use super::json::{self, quoted, Json};
use crate::protocol as p;

/// What a daemon says of itself in its generation's `owner.json`, the part that a client reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    pub identity: Identity,
    pub name: String,
    /// A program that knows nothing of solod, and was handed its listener: nothing of solod's is said to it.
    pub is_program: bool,
}

/// What a daemon is, as its owner file tells.
pub struct Served<'a> {
    pub name: &'a str,
    /// The path of its service file.
    pub service: &'a str,
    /// What the service calls its version; empty where it has none.
    pub version: &'a str,
    pub started_ms: f64,
}

/// As `ownerText` writes it: the daemon compares it with what it finds.
pub fn owner_text(identity: &Identity, served: &Served) -> String {
    format!(
        "{{{},\"name\":{},\"service\":{},\"startedMs\":{},\"solod\":{},\"version\":{},\"wire\":{}}}\n",
        identity.members(),
        quoted(served.name),
        quoted(served.service),
        served.started_ms.floor(),
        quoted(p::VERSION),
        quoted(served.version),
        p::WIRE_VERSION
    )
}

/// None for whatever no solod wrote.
pub fn parse(text: &str) -> Option<Owner> {
    let value = json::parse(text)?;
    let identity = Identity::from_json(&value)?;
    let is_program = matches!(value.get("program"), Some(Json::Bool(true)));
    Some(Owner { identity, name: value.text("name").unwrap_or_default().to_owned(), is_program })
}
