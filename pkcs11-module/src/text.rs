//! This file writes text and dates as PKCS#11 wants them: fixed fields, padded with blanks, never cut inside a character.

/// `text` in a field of `N` bytes: as many whole characters as fit, then blanks.
pub(crate) fn padded<const N: usize>(text: &str) -> [u8; N] {
    let mut field = [b' '; N];
    let fits = text.char_indices().map(|(start, character)| start + character.len_utf8()).take_while(|end| *end <= N);
    let end = fits.last().unwrap_or(0);
    field[..end].copy_from_slice(&text.as_bytes()[..end]);
    field
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A moment (seconds since 1970) as the eight digits of a `CK_DATE`, in UTC as the certificate itself has it.
pub(crate) fn date(moment: i64) -> [u8; 8] {
    let (year, month, day) = civil(moment.div_euclid(24 * 60 * 60));
    let mut digits = [b'0'; 8];
    let text = format!("{:04}{month:02}{day:02}", year.clamp(0, 9999));
    digits.copy_from_slice(&text.as_bytes()[..8]);
    digits
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar.
///
/// Counted in years that begin on 1 March, so that a leap day is the last of its year, within cycles of 400 years.
fn civil(day: i64) -> (i64, i64, i64) {
    const CYCLE: i64 = 146_097;
    let since_march = day + 719_468;
    let (cycle, day) = (since_march.div_euclid(CYCLE), since_march.rem_euclid(CYCLE));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (cycle * 400 + year + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_padded_with_blanks_and_cut_between_characters() {
        assert_eq!(&padded::<8>("abc"), b"abc     ");
        assert_eq!(padded::<8>("인감인감"), *"인감  ".as_bytes());
        assert_eq!(padded::<6>("인감인감"), *"인감".as_bytes());
    }

    #[test]
    fn dates_are_right_around_leap_days_and_centuries() {
        for (moment, expected) in [
            (0, "19700101"),
            (-1, "19691231"),
            (951_782_399, "20000228"),
            (951_782_400, "20000229"),
            (951_868_800, "20000301"),
            (1_709_164_800, "20240229"),
            (2_147_483_648, "20380119"),
            (4_107_542_400, "21000301"),
            (4_107_456_000, "21000228"),
        ] {
            assert_eq!(std::str::from_utf8(&date(moment)).unwrap(), expected, "{moment}");
        }
    }
}
