//! This file counts in Korean calendar days: certificates end by the date in Asia/Seoul.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

/// Korea has had no daylight saving time since 1988, before any of these certificates.
const SEOUL: Offset = Offset::constant(9);

/// A renewal is usually possible from 30 days before the end, "대개 만료 30일(기관에 따라 1개월) 전부터".
pub(crate) const RENEWAL_DAYS: i64 = 30;

/// Where today stands in a certificate's validity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    NotYetValid,
    Valid,
    /// 0 to 30 days are left. Whether the CA renews, only the CA knows.
    RenewalPeriod,
    Expired,
}

impl Standing {
    /// At `now`, of a validity from `not_before` to `not_after`; all in seconds since 1970.
    pub(crate) fn at(now: i64, not_before: i64, not_after: i64) -> Self {
        if now > not_after {
            Self::Expired
        } else if now < not_before {
            Self::NotYetValid
        } else if days_between(now, not_after) <= RENEWAL_DAYS {
            Self::RenewalPeriod
        } else {
            Self::Valid
        }
    }

    /// The word for JSON.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::NotYetValid => "not_yet_valid",
            Self::Valid => "valid_now",
            Self::RenewalPeriod => "renewal_period",
            Self::Expired => "expired",
        }
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    Timestamp::now().as_second()
}

/// The date in Seoul at this second since 1970; the nearest date that exists for a second beyond all calendars.
pub(crate) fn date(second: i64) -> Date {
    let second = second.clamp(Timestamp::MIN.as_second() + 86_400, Timestamp::MAX.as_second() - 86_400);
    Timestamp::from_second(second).unwrap_or_default().to_zoned(TimeZone::fixed(SEOUL)).date()
}

/// The same instant as RFC 3339 in UTC.
pub(crate) fn rfc3339(second: i64) -> String {
    let second = second.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    Timestamp::from_second(second).unwrap_or_default().to_string()
}

/// Calendar days from one second to the other; 0 on the same day.
pub(crate) fn days_between(from: i64, to: i64) -> i64 {
    let span = date(to).since(date(from)).map(|span| span.get_days());
    span.map_or(0, i64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    #[test]
    fn the_day_changes_at_midnight_in_seoul() {
        let last_second = 1_767_193_199; // 2025-12-31T23:59:59+09:00
        assert_eq!(date(last_second).to_string(), "2025-12-31");
        assert_eq!(date(last_second + 1).to_string(), "2026-01-01");
        assert_eq!(days_between(last_second, last_second + 1), 1);
        assert_eq!(days_between(last_second, last_second - DAY + 1), 0);
    }

    #[test]
    fn the_last_thirty_days_are_the_renewal_period() {
        let end = 1_767_193_199;
        let standing = |now| Standing::at(now, end - 365 * DAY, end);
        assert_eq!(standing(end - 31 * DAY), Standing::Valid);
        assert_eq!(standing(end - 30 * DAY), Standing::RenewalPeriod);
        assert_eq!(standing(end), Standing::RenewalPeriod);
        assert_eq!(standing(end + 1), Standing::Expired);
        assert_eq!(standing(end - 366 * DAY), Standing::NotYetValid);
    }

    #[test]
    fn no_second_is_beyond_the_calendar() {
        for second in [i64::MIN, i64::MAX, 0, 253_402_300_799] {
            let _ = (date(second), rfc3339(second), days_between(0, second));
        }
    }
}
