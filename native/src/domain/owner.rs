use super::identity::Identity;
use super::json;

/// What a daemon says of itself in its generation's `owner.json`, the part that a client reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    pub identity: Identity,
    pub name: String,
}

/// None for whatever no solod wrote.
pub fn parse(text: &str) -> Option<Owner> {
    let value = json::parse(text)?;
    let identity = Identity::from_json(&value)?;
    Some(Owner { identity, name: value.text("name").unwrap_or_default().to_owned() })
}
