//! Where in a JSON text its parts stand, so that one of them can be replaced and every other byte stays; see
//! `json-spans.ts`.

use crate::domain::json::{parse, Json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: usize,
    pub to: usize,
}

impl Span {
    pub fn of(self, text: &[u8]) -> &[u8] {
        &text[self.from..self.to]
    }
}

pub struct Members {
    pub list: Vec<(String, Span)>,
    /// Whether the text goes on to the end of the object.
    pub is_whole: bool,
    pub end: usize,
}

impl Members {
    /// Readers take the last of two members of one name.
    pub fn last(&self, name: &str) -> Option<Span> {
        self.list.iter().rev().find(|(own, _)| own == name).map(|(_, span)| *span)
    }
}

/// The members of the object that begins there; None where none does.
pub fn members_of(text: &[u8], at: usize) -> Option<Members> {
    let mut position = skip_space(text, at);
    if text.get(position) != Some(&b'{') {
        return None;
    }
    let mut members = Members { list: Vec::new(), is_whole: false, end: text.len() };
    position = skip_space(text, position + 1);
    if text.get(position) == Some(&b'}') {
        members.is_whole = true;
        members.end = position + 1;
        return Some(members);
    }
    loop {
        let (name, value) = match member_at(text, position) {
            Some(member) => member,
            None => return Some(members),
        };
        members.list.push((name, value));
        position = skip_space(text, value.to);
        match text.get(position) {
            Some(b'}') => {
                members.is_whole = true;
                members.end = position + 1;
                return Some(members);
            }
            Some(b',') => position = skip_space(text, position + 1),
            _ => return Some(members),
        }
    }
}

fn member_at(text: &[u8], at: usize) -> Option<(String, Span)> {
    let name_end =
        Some(at).filter(|at| text.get(*at) == Some(&b'"')).and_then(|at| end_of_string(text, at))?;
    let name = text_of_string(&text[at..name_end])?;
    let colon = skip_space(text, name_end);
    if text.get(colon) != Some(&b':') {
        return None;
    }
    Some((name, value_at(text, colon + 1)?))
}

/// None where no list begins, or it does not end.
pub fn items_of(text: &[u8], at: usize) -> Option<Vec<Span>> {
    let mut position = skip_space(text, at);
    if text.get(position) != Some(&b'[') {
        return None;
    }
    let mut items = Vec::new();
    position = skip_space(text, position + 1);
    if text.get(position) == Some(&b']') {
        return Some(items);
    }
    loop {
        let value = value_at(text, position)?;
        items.push(value);
        position = skip_space(text, value.to);
        match text.get(position)? {
            b']' => return Some(items),
            b',' => position = skip_space(text, position + 1),
            _ => return None,
        }
    }
}

pub fn replace_in(text: &[u8], at: Span, by: &[u8]) -> Vec<u8> {
    [&text[..at.from], by, &text[at.to..]].concat()
}

/// The text of a JSON string; None where it is something else.
pub fn text_of_string(token: &[u8]) -> Option<String> {
    match parse(std::str::from_utf8(token).ok()?)? {
        Json::Text(text) => Some(text),
        _ => None,
    }
}

pub fn skip_space(text: &[u8], at: usize) -> usize {
    let blanks = text.iter().skip(at).take_while(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')).count();
    at + blanks
}

fn value_at(text: &[u8], at: usize) -> Option<Span> {
    let from = skip_space(text, at);
    let to = match text.get(from)? {
        b'"' => end_of_string(text, from)?,
        b'{' | b'[' => end_of_nested(text, from)?,
        _ => {
            let is_of_word =
                |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_lowercase() || b"-+.E".contains(byte);
            let to = from + text[from..].iter().take_while(|byte| is_of_word(byte)).count();
            // A number or a word that the text ends in may go on.
            Some(to).filter(|to| *to > from && *to < text.len())?
        }
    };
    Some(Span { from, to })
}

fn end_of_string(text: &[u8], from: usize) -> Option<usize> {
    let mut position = from + 1;
    loop {
        match text.get(position)? {
            b'"' => return Some(position + 1),
            b'\\' => position += 2,
            _ => position += 1,
        }
    }
}

fn end_of_nested(text: &[u8], from: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut position = from;
    loop {
        match text.get(position)? {
            b'"' => {
                position = end_of_string(text, position)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(position + 1);
                }
            }
            _ => {}
        }
        position += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(String, String)> {
        let members = members_of(text.as_bytes(), 0).unwrap();
        let shown = |(name, span): &(String, Span)| {
            (name.clone(), String::from_utf8(span.of(text.as_bytes()).to_vec()).unwrap())
        };
        members.list.iter().map(shown).collect()
    }

    #[test]
    fn finds_members_wherever_white_space_is() {
        let text = " { \"a\" :1.0,\"\\u0069d\": \"x\\\"}\" , \"c\":[{\"d\":\"]\"} , 2]}";
        let expected = [("a", "1.0"), ("id", "\"x\\\"}\""), ("c", "[{\"d\":\"]\"} , 2]")];
        let expected: Vec<_> = expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        assert_eq!(found(text), expected);
    }

    #[test]
    fn says_where_a_text_is_cut() {
        for text in ["{", "{\"a", "{\"a\":", "{\"a\":1", "{\"a\":{\"b\":[}", "{\"a\":1,}", "{\"a\" 1}"] {
            assert!(!members_of(text.as_bytes(), 0).unwrap().is_whole, "{text}");
        }
        assert!(members_of(b"[]", 0).is_none());
        assert!(members_of(b"{}", 0).unwrap().is_whole);
    }

    #[test]
    fn replaces_nothing_else() {
        let text = b"{\"id\":7,\"n\":1.0}";
        let at = members_of(text, 0).unwrap().last("id").unwrap();
        assert_eq!(replace_in(text, at, b"\"x\""), b"{\"id\":\"x\",\"n\":1.0}");
    }
}
