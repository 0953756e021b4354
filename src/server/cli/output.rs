//! What commands print: lines for people, which are safe for a terminal, and lines of JSON for programs.

use super::CommandError;
use crate::domain::time::Timestamp;
use serde::Serialize;
use std::fmt::Write as _;
use std::io::Write as _;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

/// Prints a line.
pub(super) fn print(line: &str) -> Result<(), CommandError> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

/// Prints several lines at once: of each item one, as JSON or with its fields between tabs.
pub(super) fn print_all<T: Serialize>(
    items: &[T],
    json: bool,
    fields: impl Fn(&T) -> Vec<String>,
) -> Result<(), CommandError> {
    let mut lines = String::new();
    for item in items {
        lines.push_str(&if json { json_line(item)? } else { fields(item).join("\t") });
        lines.push('\n');
    }
    let mut output = std::io::stdout().lock();
    output.write_all(lines.as_bytes())?;
    Ok(output.flush()?)
}

/// A text that somebody else chose, safe for a terminal: characters that control it, that turn what follows around
/// (UAX #9), or that cannot be seen are escaped (`\u{202e}`). Joiners stay, since words and emoji are written with
/// them.
pub(super) fn printable(text: &str) -> String {
    escaped(text, |c, printed| printed.extend(c.escape_unicode()))
}

/// The same of a text that may not be there: `-` then.
pub(super) fn printable_or_dash(text: Option<&str>) -> String {
    text.map_or_else(|| "-".to_owned(), printable)
}

/// JSON in one line. What [`printable`] escapes, JSON's own escapes stand for: it is the same JSON.
pub(super) fn json_line<T: Serialize>(value: &T) -> Result<String, CommandError> {
    let json = serde_json::to_string(value).map_err(std::io::Error::from)?;
    Ok(escaped(&json, |c, printed| {
        for unit in c.encode_utf16(&mut [0; 2]) {
            // A string takes all that it is given.
            let _ = write!(printed, "\\u{unit:04x}");
        }
    }))
}

fn escaped(text: &str, escape: impl Fn(char, &mut String)) -> String {
    let mut printed = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) { escape(c, &mut printed) } else { printed.push(c) }
    }
    printed
}

fn is_unsafe(c: char) -> bool {
    use GeneralCategory::{Control, Format, LineSeparator, ParagraphSeparator, PrivateUse, Unassigned};
    let is_joiner = matches!(c, '\u{200c}' | '\u{200d}');
    let category = c.general_category();
    !is_joiner && matches!(category, Control | Format | LineSeparator | ParagraphSeparator | PrivateUse | Unassigned)
}

/// RFC 3339 in UTC, to the second; `-` for never.
pub(super) fn rfc3339(time: Option<Timestamp>) -> String {
    let time = time.and_then(|time| jiff::Timestamp::from_second(time.as_secs()).ok());
    time.map_or_else(|| "-".to_owned(), |time| time.to_string())
}

/// `1 session`, `2 sessions`.
pub(super) fn sessions(count: usize) -> String {
    if count == 1 { "1 session".to_owned() } else { format!("{count} sessions") }
}

/// `1 user`, `2 users`.
pub(super) fn users(count: usize) -> String {
    if count == 1 { "1 user".to_owned() } else { format!("{count} users") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_controls_a_terminal_or_turns_text_around_is_printed() {
        for odd in [
            '\0',
            '\t',
            '\n',
            '\r',
            '\u{7}',
            '\u{8}',
            '\u{1b}',
            '\u{7f}',
            '\u{85}',
            '\u{9b}',
            '\u{61c}',
            '\u{200b}',
            '\u{200e}',
            '\u{200f}',
            '\u{2028}',
            '\u{2029}',
            '\u{202a}',
            '\u{202e}',
            '\u{2066}',
            '\u{2069}',
            '\u{206a}',
            '\u{feff}',
            '\u{e000}',
            '\u{e0001}',
        ] {
            let text = format!("a{odd}b");
            assert_eq!(printable(&text), format!("a\\u{{{:x}}}b", u32::from(odd)));
            let json = json_line(&text).unwrap();
            assert!(!json.contains(odd), "{json}");
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }

    #[test]
    fn what_people_write_is_printed_as_it_is() {
        for text in ["", "Küche 🪟", "עִבְרִית", "👩\u{200d}🚀", "می\u{200c}خواهم", "DOMAIN\\ada", "\"x\""]
        {
            assert_eq!(printable(text), text);
        }
    }
}
