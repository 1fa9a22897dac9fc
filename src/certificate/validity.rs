//! This file counts validity as Korean certificate windows do: in dates of Asia/Seoul.
//!
//! Korea has had no summer time since 1988, so Asia/Seoul is UTC+9 for every certificate there is; no time zone database
//! is needed.

use jiff::Timestamp;
use jiff::tz::Offset;

/// From so many days before the last day on, CAs usually renew (대개 만료 30일, 기관에 따라 1개월 전부터). Whether this
/// certificate can be renewed only its CA knows.
pub const RENEWAL_PERIOD_DAYS: i64 = 30;

const SEOUL: Offset = jiff::tz::offset(9);

/// Where a moment stands within a certificate's validity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Before the first second.
    NotYetValid,
    /// Valid, and not yet in the renewal period.
    Valid,
    /// 갱신 기간: valid, with this many days left, 0 (오늘 만료) to 30.
    RenewalPeriod(u8),
    /// After the last second.
    Expired,
}

impl Standing {
    /// At `now`; all three in seconds since 1970.
    #[must_use]
    pub fn at(now: i64, not_before: i64, not_after: i64) -> Self {
        if now > not_after {
            return Self::Expired;
        }
        if now < not_before {
            return Self::NotYetValid;
        }
        match u8::try_from(days_between(now, not_after)) {
            Ok(days) if i64::from(days) <= RENEWAL_PERIOD_DAYS => Self::RenewalPeriod(days),
            _ => Self::Valid,
        }
    }

    /// The word for JSON.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::NotYetValid => "not-yet-valid",
            Self::Valid => "in-period",
            Self::RenewalPeriod(_) => "renewal-period",
            Self::Expired => "expired",
        }
    }

    /// Whether the moment lies within the validity.
    #[must_use]
    pub const fn is_valid(self) -> bool {
        matches!(self, Self::Valid | Self::RenewalPeriod(_))
    }
}

/// Days from one moment to another, both taken as dates in Korea: from 23:59 to 00:01 is one day.
#[must_use]
pub fn days_between(from: i64, to: i64) -> i64 {
    seoul_day(to) - seoul_day(from)
}

/// The date in Korea at this moment (seconds since 1970), as `2027-03-02`.
#[must_use]
pub fn seoul_date(moment: i64) -> String {
    let moment = moment.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    let moment = Timestamp::from_second(moment).unwrap_or(Timestamp::UNIX_EPOCH);
    SEOUL.to_datetime(moment).date().to_string()
}

/// The last second (since 1970) of the day in Korea that is `days` after the day of `moment`.
#[must_use]
pub fn seoul_day_end(moment: i64, days: i64) -> i64 {
    let end = seoul_day(moment).saturating_add(days).saturating_add(1).saturating_mul(DAY);
    end.saturating_sub(i64::from(SEOUL.seconds()) + 1)
}

const DAY: i64 = 24 * 60 * 60;

/// Days since 1970-01-01 in Korea.
fn seoul_day(moment: i64) -> i64 {
    moment.saturating_add(i64::from(SEOUL.seconds())).div_euclid(DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_second()
    }

    #[test]
    fn dates_are_those_of_seoul() {
        assert_eq!(seoul_date(utc("2020-03-25T14:59:59Z")), "2020-03-25");
        assert_eq!(seoul_date(utc("2020-03-25T15:00:00Z")), "2020-03-26");
        assert_eq!(seoul_date(0), "1970-01-01");
        assert!(!seoul_date(i64::MAX).is_empty() && !seoul_date(i64::MIN).is_empty());
    }

    #[test]
    fn days_left_is_a_difference_of_dates_not_of_hours() {
        let not_after = utc("2026-12-10T14:59:59Z");
        assert_eq!(days_between(utc("2026-12-09T14:59:59Z"), not_after), 1);
        assert_eq!(days_between(utc("2026-12-09T15:00:00Z"), not_after), 0);
        assert_eq!(days_between(utc("2026-12-10T15:00:00Z"), not_after), -1);
        assert_eq!(days_between(utc("2026-11-22T03:00:00Z"), not_after), 18);
        let _ = days_between(i64::MIN, i64::MAX);
    }

    #[test]
    fn a_day_ends_at_midnight_in_korea() {
        assert_eq!(seoul_day_end(utc("2026-12-10T03:00:00Z"), 0), utc("2026-12-10T14:59:59Z"));
        assert_eq!(seoul_day_end(utc("2026-12-10T15:00:00Z"), -1), utc("2026-12-10T14:59:59Z"));
        assert_eq!(days_between(0, seoul_day_end(0, 18)), 18);
        let _ = (seoul_day_end(i64::MAX, i64::MAX), seoul_day_end(i64::MIN, i64::MIN));
    }

    #[test]
    fn the_renewal_period_is_the_last_thirty_days_and_today() {
        let (not_before, not_after) = (utc("2025-12-10T15:00:00Z"), utc("2026-12-10T14:59:59Z"));
        for (now, expected) in [
            ("2025-12-10T14:59:59Z", Standing::NotYetValid),
            ("2025-12-10T15:00:00Z", Standing::Valid),
            ("2026-11-09T14:59:59Z", Standing::Valid),
            ("2026-11-09T15:00:00Z", Standing::RenewalPeriod(30)),
            ("2026-12-10T14:59:59Z", Standing::RenewalPeriod(0)),
            ("2026-12-10T15:00:00Z", Standing::Expired),
        ] {
            assert_eq!(Standing::at(utc(now), not_before, not_after), expected, "{now}");
        }
    }
}
