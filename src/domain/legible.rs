//! Whether a name of a user or a device can be seen and told apart from others.

/// The longest run of characters without a glyph of their own (combining marks, joiners). Written languages and emoji
/// need no more.
const MARKS_MAX: usize = 4;

/// Whether a text shows at least one glyph and has no long run of combining marks.
///
/// ```
/// use latchkey::domain::legible::is_legible;
///
/// assert!(is_legible("Zoë") && is_legible("👩‍🚀"));
/// // The empty Braille pattern; a letter under a pile of accents.
/// assert!(!is_legible("\u{2800}") && !is_legible("a\u{301}\u{301}\u{301}\u{301}\u{301}"));
/// ```
pub fn is_legible(text: &str) -> bool {
    let (mut shows, mut marks) = (false, 0);
    for c in text.chars() {
        if has_glyph(c) {
            (shows, marks) = (true, 0);
        } else if c.is_whitespace() {
            marks = 0;
        } else if !is_tag(c) {
            marks += 1;
        }
        if marks > MARKS_MAX {
            return false;
        }
    }
    shows
}

/// Whether a character has a glyph of its own: it is no control, ignored, blank or combining character.
fn has_glyph(c: char) -> bool {
    // `char::escape_debug` prints a character unchanged only if it is visible and does not extend another one
    // (`Grapheme_Extend`). The last character of every escape sequence is a letter, a digit or a bracket.
    let is_printed = c != ' ' && c.escape_debug().last() == Some(c);
    is_printed && !is_blank(c)
}

/// Letters and symbols that fonts draw blank: Hangul fillers, the empty Braille pattern, and others.
const fn is_blank(c: char) -> bool {
    matches!(
        c,
        '\u{115f}'
            | '\u{1160}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fffc}'
            | '\u{ffa0}'
            | '\u{13441}'
            | '\u{13442}'
            | '\u{1d159}'
    )
}

/// The characters that form flags of regions, several in a row (UTS #51).
const fn is_tag(c: char) -> bool {
    matches!(c, '\u{e0020}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_people_and_things_are_legible() {
        for legible in [
            "Küche",
            "cafe\u{301}",
            "हिन्दी",
            "ภาษาไทย",
            "עִבְרִית",
            "العربية",
            "\u{1112}\u{1161}\u{11ab}글",
            "Việt",
            "\"x\"",
            "}",
            "'",
            "0",
            "🐘",
            "👩🏽\u{200d}🚀",
            "❤\u{fe0f}",
            "1\u{fe0f}\u{20e3}",
            "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
            "👩\u{200d}❤\u{fe0f}\u{200d}💋\u{200d}👨",
        ] {
            assert!(is_legible(legible), "{legible:?}");
        }
    }

    #[test]
    fn what_shows_nothing_is_not() {
        for blank in [
            "",
            " ",
            "\u{a0}",
            "\u{ad}",
            "\u{34f}",
            "\u{61c}",
            "\u{115f}",
            "\u{1160}",
            "\u{17b4}",
            "\u{180e}",
            "\u{200b}",
            "\u{200d}",
            "\u{200e}",
            "\u{2060}",
            "\u{2063}",
            "\u{206a}",
            "\u{2800}",
            "\u{3000}",
            "\u{3164}",
            "\u{fe0f}",
            "\u{feff}",
            "\u{ffa0}",
            "\u{fffc}",
            "\u{1d159}",
            "\u{1d173}",
            "\u{e0020}",
            "\u{e0100}",
            "\u{301}",
            "\u{20dd}",
            "\u{2800} \u{200b}",
        ] {
            assert!(!is_legible(blank), "{blank:?}");
        }
    }

    #[test]
    fn piles_of_marks_are_not() {
        assert!(is_legible(&format!("a{}", "\u{301}".repeat(4))));
        assert!(!is_legible(&format!("a{}", "\u{301}".repeat(5))));
        assert!(!is_legible(&format!("Desk {}", "\u{200d}".repeat(60))));
    }
}
