//! Turns the HTML that Leptos writes for a page into valid HTML.

/// Leptos' marker for a position between texts. Browsers read it as a comment; validators report it as an error (HTML
/// Living Standard, section 13.2.2, "incorrectly-opened-comment").
const MARK: &str = "<!>";
const COMMENT: &str = "<!---->";

const END: &str = "</html>";

/// The document with complete comments, and without the scripts that Leptos appends after its end, where no element may
/// stand. They carry data of resources and error boundaries, and the pages have none.
pub(super) fn valid(html: &str) -> String {
    let html = html.rfind(END).and_then(|end| html.get(..end + END.len())).unwrap_or(html);
    let mut valid = String::with_capacity(html.len() + html.len() / 64);
    let mut rest = html;
    // Whole tags are copied, since an attribute may contain the marker's characters.
    while let Some((text, tag)) = rest.find('<').and_then(|at| rest.split_at_checked(at)) {
        valid.push_str(text);
        if let Some(after) = tag.strip_prefix(MARK) {
            valid.push_str(COMMENT);
            rest = after;
        } else {
            let (tag, after) = tag.split_at_checked(end_of_tag(tag)).unwrap_or((tag, ""));
            valid.push_str(tag);
            rest = after;
        }
    }
    valid.push_str(rest);
    valid
}

/// The length of the tag at the start of `html`.
fn end_of_tag(html: &str) -> usize {
    let mut quote = None;
    for (at, byte) in html.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return at + 1,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    html.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_comments_and_what_people_write_stays() {
        let html =
            "<!DOCTYPE html><html><body title=\"a <!> b's\"><p>1<!>2<!><!></p><i a='<!>\"'>&lt;!></i></body></html>";
        let expected = "<!DOCTYPE html><html><body title=\"a <!> b's\"><p>1<!---->2<!----><!----></p><i a='<!>\"'>&lt;!></i></body></html>";
        assert_eq!(valid(html), expected);
    }

    #[test]
    fn nothing_stands_behind_the_document() {
        assert_eq!(valid("<html></html><!><script>x</script>"), "<html></html>");
        for odd in ["", "<", "<p", "no end", "<p a=\"", "ü<ü", "<!>"] {
            assert!(valid(odd).len() >= odd.len(), "{odd}");
        }
    }
}
