//! Calendar arithmetic against known days and against itself.

use super::*;
use crate::read;

fn date(text: &str) -> Date {
    read::iso(text).unwrap_or_else(|problem| panic!("{text}: {problem:?}"))
}

#[track_caller]
fn check_add(start: &str, span: Span, expect: &str) {
    assert_eq!(date(start).add(span, 1).map(|date| date.to_string()).ok().as_deref(), Some(expect));
}

#[test]
fn every_day_goes_to_a_number_and_back() {
    let first = date("0001-01-01").days_since_1970();
    let last = date("9999-12-31").days_since_1970();
    let mut before: Option<Date> = None;
    for days in first..=last {
        let day = Date::from_days_since_1970(i64::from(days)).unwrap();
        assert_eq!(day.days_since_1970(), days);
        assert!(before.is_none_or(|before| before < day), "{day} comes after {before:?}");
        before = Some(day);
    }
    assert_eq!(date("1970-01-01").days_since_1970(), 0);
    assert_eq!(date("2026-03-01").days_since_1970(), 20_513);
    assert!(Date::from_days_since_1970(i64::from(first) - 1).is_err());
    assert!(Date::from_days_since_1970(i64::from(last) + 1).is_err());
    assert!(Date::from_days_since_1970(i64::MAX).is_err());
}

#[test]
fn iso_weeks_at_the_ends_of_years() {
    for (text, expect) in [
        ("2026-01-01", (2026, 1)),
        ("2025-12-29", (2026, 1)),
        ("2027-01-03", (2026, 53)),
        ("2021-01-03", (2020, 53)),
        ("2024-12-30", (2025, 1)),
        ("2023-01-01", (2022, 52)),
        ("2026-06-15", (2026, 25)),
    ] {
        assert_eq!(date(text).iso_week(), expect, "{text}");
    }
}

#[test]
fn months_keep_to_their_ends() {
    check_add("2026-01-31", Span::Months(1), "2026-02-28");
    check_add("2024-01-31", Span::Months(1), "2024-02-29");
    check_add("2026-03-31", Span::Months(-1), "2026-02-28");
    check_add("2024-02-29", Span::Years(1), "2025-02-28");
    check_add("2024-02-29", Span::Years(4), "2028-02-29");
    check_add("2026-11-15", Span::Months(3), "2027-02-15");
    check_add("2026-12-31", Span::Days(1), "2027-01-01");
    check_add("2026-03-01", Span::Weeks(-1), "2026-02-22");
    assert!(date("9999-12-31").add(Span::Days(1), 1).is_err());
    assert!(date("2026-01-01").add(Span::Years(i32::MIN), 1000).is_err());
    assert!(date("2026-01-01").add(Span::Years(i32::MAX), 1000).is_err());
}

#[test]
fn working_days_step_over_weekends() {
    check_add("2026-03-06", Span::WorkingDays(1), "2026-03-09");
    check_add("2026-03-07", Span::WorkingDays(1), "2026-03-09");
    check_add("2026-03-08", Span::WorkingDays(-1), "2026-03-06");
    check_add("2026-03-09", Span::WorkingDays(-1), "2026-03-06");
    check_add("2026-03-07", Span::WorkingDays(0), "2026-03-07");
    check_add("2026-03-02", Span::WorkingDays(260), "2027-03-01");
}

#[test]
fn working_days_agree_with_counting() {
    let start = date("2026-02-25");
    for days in -40..40 {
        let end = start.add(Span::Days(days), 1).unwrap();
        let (low, high) = (start.min(end), start.max(end));
        let counted = (low.days_since_1970()..high.days_since_1970())
            .filter(|day| Date::from_days_since_1970(i64::from(*day)).unwrap().weekday_index() < 5)
            .count() as i32;
        assert_eq!(working_days_between(start, end), counted * days.signum(), "{start} to {end}");
    }
}

#[test]
fn whole_months_never_pass_the_end() {
    for (start, end, expect) in [
        ("2026-01-15", "2026-03-14", 1),
        ("2026-01-15", "2026-03-15", 2),
        ("2026-01-31", "2026-02-28", 1),
        ("2026-03-15", "2026-01-16", -1),
        ("2026-03-15", "2026-01-15", -2),
        ("2026-03-15", "2026-03-15", 0),
    ] {
        assert_eq!(months_between(date(start), date(end)), expect, "{start} to {end}");
    }
}
