//! This file tells the time and writes it for programs; for people the library counts in Korean dates.

use jiff::Timestamp;

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    Timestamp::now().as_second()
}

/// This second since 1970 as RFC 3339 in UTC; the nearest there is for a second beyond the calendar.
pub(crate) fn rfc3339(second: i64) -> String {
    let second = second.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}
