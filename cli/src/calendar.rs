//! Times as dates, in UTC.

/// Milliseconds since 1970 as `YYYY-MM-DDTHH:MM:SS.mmmZ`.
pub fn calendar(millis: u64) -> String {
    const DAY: u64 = 86_400_000;
    // Years that begin in March, in eras of 400; what is before 1970 does not occur.
    let days = millis / DAY + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    let (year, rest) = (era * 400 + year + next, millis % DAY);
    let (hour, minute, second) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1_000 % 60);
    format!(
        "{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z",
        rest % 1_000
    )
}

#[cfg(test)]
mod tests {
    use super::calendar;

    #[test]
    fn times_are_dates_of_the_calendar() {
        for (millis, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_500, "2000-02-29T00:00:00.500Z"),
            (1_700_000_000_000, "2023-11-14T22:13:20.000Z"),
            (4_102_444_799_999, "2099-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(calendar(millis), expected);
        }
    }
}
