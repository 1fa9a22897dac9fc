//! This file prints a view: one description of a result, shown as text for people or as JSON for programs.

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, ContentArrangement, Table};
use serde_json::Value;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::cli::language::Words;
use crate::cli::printable::printable;

/// A result that can be shown both ways.
pub(crate) trait View {
    /// An object; keys are English and never localised. What they mean: `docs/json.md`.
    fn json(&self) -> Value;

    /// Text that ends with a line break.
    fn text(&self, words: &Words) -> String;
}

/// Rows under a heading, two spaces apart. Every line has the same width on the screen, where a Hangul syllable counts
/// for two. A cell of more than [`WIDEST`] columns is cut, so that no name drives the others off the screen; a pipe gets
/// what a terminal shows.
pub(crate) fn table(heading: &[String], rows: &[Vec<String>]) -> String {
    let mut table = bare();
    table.set_header(heading.iter().map(Cell::new));
    let cut: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| cut(cell)).collect()).collect();
    lines(table, &cut)
}

/// The widest cell of a table, in columns.
const WIDEST: usize = 60;

fn cut(cell: &str) -> String {
    let cell = printable(cell);
    if cell.width() <= WIDEST {
        return cell.into_owned();
    }
    let mut width = 1;
    let fits = |c: &char| {
        width += c.width().unwrap_or_default();
        width <= WIDEST
    };
    let mut text: String = cell.chars().take_while(fits).collect();
    text.push('…');
    text
}

/// Names and their values, one pair a line.
pub(crate) fn facts(facts: &[(String, String)]) -> String {
    let rows: Vec<Vec<String>> = facts.iter().map(|(name, value)| vec![name.clone(), value.clone()]).collect();
    lines(bare(), &rows).lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn bare() -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table
}

fn lines(mut table: Table, rows: &[Vec<String>]) -> String {
    for row in rows {
        table.add_row(row.iter().map(|cell| Cell::new(printable(cell))));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let mut text = String::new();
    for line in table.lines() {
        // Without the padding of the last column.
        text.push_str(line.strip_suffix("  ").unwrap_or(&line));
        text.push('\n');
    }
    text
}

/// A certificate as PEM (RFC 7468).
pub(crate) fn pem(der: &[u8]) -> String {
    pem_of("CERTIFICATE", der)
}

/// PEM of what has this label.
pub(crate) fn pem_of(label: &str, der: &[u8]) -> String {
    let base64 = base64(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in base64.as_bytes().chunks(64) {
        text.extend(line.iter().copied().map(char::from));
        text.push('\n');
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

/// Bytes in base64 (RFC 4648 section 4), padded, in one line.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |index: usize| u32::from(group.get(index).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for index in 0..4 {
            let padding = index > group.len();
            let sextet = (bits >> (18 - 6 * index)) & 63;
            text.push(if padding { '=' } else { char::from(ALPHABET[sextet as usize]) });
        }
    }
    text
}

/// Bytes as lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    // Never grows, so leaves no copy behind: R passes through here.
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn korean_and_latin_rows_are_equally_wide() {
        let heading = ["이름", "EXPIRES"].map(String::from);
        let rows = [["홍길동", "2027-03-02"], ["(주)가나다", "1"], ["x", ""]].map(|row| row.map(String::from).to_vec());
        let text = table(&heading, &rows);
        let widths: Vec<_> = text.lines().map(|line| line.width()).collect();
        assert_eq!(widths, [22; 4], "{text}");
        assert!(text.starts_with("이름        EXPIRES"), "{text}");
    }

    #[test]
    fn a_long_name_does_not_drive_the_others_off_the_screen() {
        let text = table(&["NAME".into()], &[vec!["가".repeat(40)], vec!["a".repeat(60)]]);
        let lines: Vec<_> = text.lines().map(str::trim_end).collect();
        assert_eq!(lines[1..], [format!("{}…", "가".repeat(29)), "a".repeat(60)]);
    }

    #[test]
    fn base64_follows_rfc_4648() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(base64(&[0xfb, 0xff, 0xfe]), "+//+");
    }

    #[test]
    fn a_cell_cannot_write_to_the_terminal() {
        let text = facts(&[("name".into(), "a\u{1b}[2J\nb".into())]);
        assert_eq!(text, "name  a\u{fffd}[2J\u{fffd}b\n");
    }
}
