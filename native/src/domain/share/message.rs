//! The parts of a JSON-RPC message that the client's side reads; see `rpc-message.ts`.

use super::spans::{items_of, members_of, skip_space, text_of_string, Span};
use crate::domain::json::quoted;

pub enum Message {
    Request {
        method: String,
        id: Span,
        params: Option<Span>,
    },
    Notification {
        method: String,
        params: Option<Span>,
    },
    Response {
        id: Span,
        result: Option<Span>,
    },
    Batch(Vec<Span>),
    /// Blank, not JSON, or not a message.
    Other,
}

pub fn read_message(line: &[u8]) -> Message {
    if line.get(skip_space(line, 0)) == Some(&b'[') {
        return items_of(line, 0).map_or(Message::Other, Message::Batch);
    }
    let members = match members_of(line, 0).filter(|members| members.is_whole) {
        Some(members) => members,
        None => return Message::Other,
    };
    let id = members.last("id").filter(|id| is_id(id.of(line)));
    let (result, error) = (members.last("result"), members.last("error"));
    let method = match members.last("method") {
        Some(method) => text_of_string(method.of(line)),
        None if result.is_some() != error.is_some() => {
            return id.map_or(Message::Other, |id| Message::Response { id, result })
        }
        None => None,
    };
    let params = members.last("params");
    match (method, id, members.last("id")) {
        (Some(method), Some(id), _) => Message::Request { method, id, params },
        (Some(method), None, None) => Message::Notification { method, params },
        _ => Message::Other,
    }
}

/// A string or a number.
fn is_id(token: &[u8]) -> bool {
    matches!(token.first(), Some(b'"' | b'-' | b'0'..=b'9'))
}

/// The same text for the same id, however it is written; `1` and `"1"` differ.
pub fn value_key(token: &[u8]) -> String {
    if let Some(text) = text_of_string(token) {
        return format!("\"{text}");
    }
    let text = String::from_utf8_lossy(token).into_owned();
    let digits = text.strip_prefix('-').unwrap_or(&text);
    let is_integer = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<f64>() {
        // Integers beyond 2^53 stay apart.
        _ if is_integer && text != "-0" => text,
        Ok(number) => format!("{}", number + 0.0),
        Err(_) => text,
    }
}

/// The text of a member of an object.
pub fn text_at(line: &[u8], object: Option<Span>, name: &str) -> Option<String> {
    text_of_string(members_of(line, object?.from)?.last(name)?.of(line))
}

/// The id of a message that was too long to keep: it stands in its beginning, or it is the last member.
pub fn id_of_cut(head: &[u8], tail: &[u8]) -> Option<Vec<u8>> {
    if let Some(id) = members_of(head, 0).and_then(|members| members.last("id")) {
        return Some(id.of(head).to_vec()).filter(|id| is_id(id));
    }
    let name = b"\"id\"";
    let at = tail.windows(name.len()).rposition(|part| part == name)?;
    if at > 0 && tail[at - 1] == b'\\' {
        return None;
    }
    // What follows must be the rest of the object that began with it.
    let rest = [b"{".as_slice(), &tail[at..]].concat();
    let members = members_of(&rest, 0).filter(|members| members.is_whole && members.list.len() == 1)?;
    let is_end = skip_space(&rest, members.end) == rest.len();
    let id = members.last("id")?.of(&rest).to_vec();
    Some(id).filter(|id| is_end && is_id(id))
}

pub fn error_line(id: &[u8], code: i32, message: &str) -> Vec<u8> {
    let mut line = b"{\"jsonrpc\":\"2.0\",\"id\":".to_vec();
    line.extend_from_slice(id);
    line.extend_from_slice(
        format!(",\"error\":{{\"code\":{code},\"message\":{}}}}}", quoted(message)).as_bytes(),
    );
    line
}

pub fn cancellation_line(id: &[u8], reason: &str) -> Vec<u8> {
    let mut line =
        b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":".to_vec();
    line.extend_from_slice(id);
    line.extend_from_slice(format!(",\"reason\":{}}}}}", quoted(reason)).as_bytes());
    line
}

/// Says that everything may have changed: a notification for each list that the server has.
pub fn list_changed_lines(line: &[u8], result: Span) -> Vec<Vec<u8>> {
    let capabilities = members_of(line, result.from)
        .and_then(|members| members.last("capabilities"))
        .and_then(|at| members_of(line, at.from));
    let has = |list: &&str| capabilities.as_ref().map_or(false, |found| found.last(list).is_some());
    let lists = ["tools", "resources", "prompts"];
    lists
        .iter()
        .filter(|list| has(list))
        .map(|list| {
            format!("{{\"jsonrpc\":\"2.0\",\"method\":\"notifications/{list}/list_changed\"}}").into_bytes()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_ids_apart() {
        for (one, other) in [("1", "1.0"), ("1", "1e0"), ("\"a\"", "\"\\u0061\""), ("0", "-0")] {
            assert_eq!(value_key(one.as_bytes()), value_key(other.as_bytes()), "{one} {other}");
        }
        for (one, other) in [("1", "\"1\""), ("9007199254740993", "9007199254740992"), ("\"\"", "0")] {
            assert_ne!(value_key(one.as_bytes()), value_key(other.as_bytes()), "{one} {other}");
        }
    }

    #[test]
    fn finds_the_id_of_what_is_cut() {
        let cases = [
            ("{\"id\":5,\"x\":\"", "x\"}", Some("5")),
            ("{\"x\":\"", "x\"},\"id\":\"a}\"} ", Some("\"a}\"")),
            ("{\"x\":\"", "x\",\"id\":5}}", None),
            ("{\"x\":\"", "x\\\"id\":5}", None),
            ("{\"x\":\"", "x\"},\"id\":null}", None),
        ];
        for (head, tail, id) in cases {
            assert_eq!(
                id_of_cut(head.as_bytes(), tail.as_bytes()).as_deref(),
                id.map(str::as_bytes),
                "{tail}"
            );
        }
    }
}
