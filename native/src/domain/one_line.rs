//! One line for a status line. Nothing in the text can move the cursor, change a colour or take more room than there is.
//! `src/domain/text/one-line.ts` does the same, and `test/fixtures/diagnostics.json` holds both to it.

use crate::protocol as p;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    Coloured,
    Plain,
}

fn is_space(character: char) -> bool {
    p::WHITE_SPACE.contains(character)
}

/// Removes control sequences (CSI) and control characters, turns each run of white space into one space, and trims both ends.
pub fn clean_text(text: &str) -> String {
    let text = without_sequences(text);
    let mut clean = String::with_capacity(text.len());
    for character in text.chars() {
        if !is_space(character) {
            if !character.is_control() {
                clean.push(character);
            }
        } else if !clean.is_empty() && !clean.ends_with(' ') {
            clean.push(' ');
        }
    }
    clean.truncate(clean.trim_end_matches(' ').len());
    clean
}

fn without_sequences(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(&['\u{1b}', '\u{9b}'][..]) {
        kept.push_str(&rest[..at]);
        rest = &rest[at..];
        let introduced = rest.strip_prefix("\u{1b}[").or_else(|| rest.strip_prefix('\u{9b}'));
        match introduced.and_then(after_sequence) {
            Some(after) => rest = after,
            None => {
                let begin = rest.chars().next().map_or(0, char::len_utf8);
                kept.push_str(&rest[..begin]);
                rest = &rest[begin..];
            }
        }
    }
    kept.push_str(rest);
    kept
}

/// The text after the parameters, the intermediate bytes and the final byte of a control sequence; None if it is incomplete.
fn after_sequence(text: &str) -> Option<&str> {
    let text = text.trim_start_matches(|character| ('0'..='?').contains(&character));
    let text = text.trim_start_matches(|character| (' '..='/').contains(&character));
    text.strip_prefix(|character| ('@'..='~').contains(&character))
}

/// Cuts a text to so many code points; one that is cut ends in an ellipsis.
pub fn cut_text(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    text.chars().take(limit - 1).chain(p::ELLIPSIS.chars()).collect()
}

/// An error message, short and in red. The suffix stands uncut at its end, and the text is cut to leave room:
/// ASCII, shorter than the limit.
pub fn diagnostic_line(text: &str, colour: Colour, suffix: &str) -> String {
    let line = cut_text(&clean_text(text), p::DIAGNOSTIC_LIMIT - suffix.len());
    let line = format!("{}{suffix}", if line.is_empty() { p::UNKNOWN_ERROR } else { &line });
    match colour {
        Colour::Coloured => format!("{}{line}{}", p::DIAGNOSTIC_STYLE, p::DIAGNOSTIC_STYLE_END),
        Colour::Plain => line,
    }
}

/// A text that a terminal shows and does not obey: without colours (ECMA-48, SGR), and with every other control character but line
/// feed and tab written out, as in JSON.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if let Some(after) = after_colour(rest) {
            rest = after;
            continue;
        }
        match character {
            '\n' | '\t' => shown.push(character),
            _ if character.is_control() => shown.push_str(&format!("\\u{:04x}", character as u32)),
            _ => shown.push(character),
        }
        rest = &rest[character.len_utf8()..];
    }
    shown
}

fn after_colour(text: &str) -> Option<&str> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    parameters
        .trim_start_matches(|character: char| matches!(character, '0'..='9' | ';' | ':'))
        .strip_prefix('m')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_a_terminal_would_obey() {
        assert_eq!(printable("a\u{1b}[1;31mb\u{1b}[0m\tc\nd"), "ab\tc\nd");
        assert_eq!(printable("\u{1b}]0;x\u{7}\r\u{9b}2J"), "\\u001b]0;x\\u0007\\u000d\\u009b2J");
        assert_eq!(printable("\u{1b}[1;3"), "\\u001b[1;3");
    }
    use crate::domain::json::{parse, Json};

    const FIXTURES: &str = include_str!("../../../test/fixtures/diagnostics.json");

    #[test]
    fn says_what_typescript_says() {
        let cases = match parse(FIXTURES) {
            Some(Json::List(cases)) => cases,
            other => panic!("no list of cases, but {other:?}"),
        };
        assert!(cases.len() > 30);
        for case in &cases {
            let text = |name| case.text(name).unwrap_or_else(|| panic!("{case:?} has no {name}"));
            let colour = match text("colour") {
                "coloured" => Colour::Coloured,
                "plain" => Colour::Plain,
                other => panic!("{other} is not a colour"),
            };
            let suffix = case.text("suffix").unwrap_or_default();
            let line = diagnostic_line(text("input"), colour, suffix);
            assert_eq!(line, text("expected"), "{}", text("what"));
        }
    }
}
