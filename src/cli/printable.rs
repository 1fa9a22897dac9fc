//! This file keeps text of certificates, files and arguments from writing to the terminal on its own.

use std::borrow::Cow;

pub(crate) use ingam::certificate::printable;

/// JSON in which every character that [`printable`] replaces is a `\uXXXX` escape: the value stays, since within JSON
/// such characters occur in strings only. Line breaks stay: they are the layout, in strings they are escaped already.
pub(crate) fn printable_json(json: &str) -> Cow<'_, str> {
    let deceives = |c: char| c != '\n' && matches!(printable(c.encode_utf8(&mut [0; 4])), Cow::Owned(_));
    if !json.contains(deceives) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if deceives(c) {
            escaped.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_the_value_of_what_it_escapes() {
        let json = "{\n  \"name\": \"a\u{202e}b\u{e0041}\u{9b}\"\n}";
        let escaped = printable_json(json);
        assert_eq!(escaped, "{\n  \"name\": \"a\\u202eb\\udb40\\udc41\\u009b\"\n}");
        let value: serde_json::Value = serde_json::from_str(&escaped).unwrap();
        assert_eq!(value["name"], "a\u{202e}b\u{e0041}\u{9b}");
    }
}
