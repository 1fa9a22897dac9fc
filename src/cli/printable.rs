//! This file makes text of certificates, files and arguments harmless to print.

use std::borrow::Cow;

/// The text with every control, ANSI and direction character replaced by U+FFFD: a name cannot move the cursor, recolour
/// the screen or reverse the reading order of what stands beside it.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unprintable) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace(is_unprintable, "\u{fffd}"))
}

/// JSON with the same characters as `\uXXXX` escapes, which keep their value: within JSON they occur in strings only.
pub(crate) fn printable_json(json: &str) -> Cow<'_, str> {
    if !json.contains(|c| is_unprintable(c) && c != '\n') {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if is_unprintable(c) && c != '\n' {
            escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

/// Control characters (C0, DEL, C1), line and paragraph separators, invisible characters and everything that changes
/// direction. All are in the basic plane.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_letters_and_lose_their_controls() {
        assert_eq!(printable("홍길동(주) & Co"), "홍길동(주) & Co");
        assert_eq!(printable("a\u{1b}[31mb\nc\u{202e}d\u{9b}e"), "a\u{fffd}[31mb\u{fffd}c\u{fffd}d\u{fffd}e");
    }

    #[test]
    fn json_keeps_the_value_of_what_it_escapes() {
        let json = "{\n  \"name\": \"a\u{202e}b\"\n}";
        let escaped = printable_json(json);
        assert_eq!(escaped, "{\n  \"name\": \"a\\u202eb\"\n}");
        let value: serde_json::Value = serde_json::from_str(&escaped).unwrap();
        assert_eq!(value["name"], "a\u{202e}b");
    }
}
