//! Calendar arithmetic as a typed skill: the WIT says what there is, this file what it does.

mod date;
mod read;

use std::time::{SystemTime, UNIX_EPOCH};

use date::{Date, days_in_month, is_leap_year, months_between, working_days_between};
use exports::skep_plugins::dates::calendar::{Day, Distance, FieldOrder, Guest, Problem, Span, Weekday};

wit_bindgen::generate!({ path: "wit" });

const SERIES_LEN_MAX: u32 = 1000;
const SECONDS_OF_DAY: i64 = 86_400;

struct Dates;

impl Guest for Dates {
    fn parse(text: String, order: Option<FieldOrder>) -> Result<String, Problem> {
        read::free(&text, order).map(|date| date.to_string())
    }

    fn describe(date: String) -> Result<Day, Problem> {
        let date = read::iso(&date)?;
        let (iso_year, iso_week) = date.iso_week();
        Ok(Day {
            date: date.to_string(),
            year: date.year as u16,
            month: date.month as u8,
            day: date.day as u8,
            weekday: date.weekday(),
            day_of_year: date.day_of_year() as u16,
            quarter: (date.month as u8 - 1) / 3 + 1,
            iso_week: iso_week as u8,
            iso_year: iso_year as u16,
            leap_year: is_leap_year(date.year),
            days_in_month: days_in_month(date.year, date.month) as u8,
        })
    }

    fn add(date: String, span: Span) -> Result<String, Problem> {
        read::iso(&date)?.add(span, 1).map(|date| date.to_string())
    }

    fn between(start: String, end: String) -> Result<Distance, Problem> {
        let (start, end) = (read::iso(&start)?, read::iso(&end)?);
        let days = end.days_since_1970() - start.days_since_1970();
        let months = months_between(start, end);
        let reached = start.add(Span::Months(months), 1)?;
        Ok(Distance {
            days,
            weeks: days / 7,
            working_days: working_days_between(start, end),
            years: months / 12,
            months: months % 12,
            days_left: end.days_since_1970() - reached.days_since_1970(),
        })
    }

    fn series(start: String, step: Span, count: u32) -> Result<Vec<String>, Problem> {
        if count > SERIES_LEN_MAX {
            return Err(Problem::TooMany(SERIES_LEN_MAX));
        }
        let start = read::iso(&start)?;
        (0..i64::from(count)).map(|at| start.add(step, at).map(|date| date.to_string())).collect()
    }

    fn nth_weekday(year: u16, month: u8, weekday: Weekday, nth: i8) -> Result<String, Problem> {
        let (year, month, nth) = (i32::from(year), i32::from(month), i32::from(nth));
        let wanted = || Problem::NoSuchDay(format!("weekday {nth} of {year}-{month:02}"));
        let first = Date::new(year, month, 1).ok_or_else(wanted)?;
        let to_first = (weekday as i32 - first.weekday_index()).rem_euclid(7);
        let count = (days_in_month(year, month) - to_first - 1) / 7 + 1;
        let index = if nth < 0 { count + nth } else { nth - 1 };
        if !(0..count).contains(&index) {
            return Err(wanted());
        }
        Date::new(year, month, 1 + to_first + index * 7).map(|date| date.to_string()).ok_or_else(wanted)
    }

    fn today(offset_minutes: Option<i16>) -> Result<String, Problem> {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| Problem::OutOfRange)?;
        let seconds = i64::try_from(since_1970.as_secs()).map_err(|_| Problem::OutOfRange)?;
        let here = seconds + i64::from(offset_minutes.unwrap_or(0)) * 60;
        Date::from_days_since_1970(here.div_euclid(SECONDS_OF_DAY)).map(|date| date.to_string())
    }
}

export!(Dates);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_described() {
        let day = Dates::describe("2026-03-01".to_owned()).unwrap();
        assert_eq!((day.weekday, day.quarter, day.day_of_year), (Weekday::Sunday, 1, 60));
        assert_eq!((day.iso_year, day.iso_week, day.days_in_month), (2026, 9, 31));
        assert!(!day.leap_year);
    }

    #[test]
    fn distances_add_up() {
        let far = Dates::between("2024-02-29".to_owned(), "2026-05-01".to_owned()).unwrap();
        assert_eq!((far.days, far.weeks, far.years, far.months, far.days_left), (792, 113, 2, 2, 2));
        let back = Dates::between("2026-05-01".to_owned(), "2024-02-29".to_owned()).unwrap();
        assert_eq!((back.days, back.years, back.months, back.days_left), (-792, -2, -2, -1));
    }

    #[test]
    fn a_series_from_the_31st_stays_at_month_ends() {
        let dates = Dates::series("2026-01-31".to_owned(), Span::Months(1), 4).unwrap();
        assert_eq!(dates, ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]);
        assert!(matches!(
            Dates::series("2026-01-31".to_owned(), Span::Days(1), 1001),
            Err(Problem::TooMany(1000))
        ));
    }

    #[test]
    fn weekdays_are_counted_from_both_ends() {
        let nth = |month, weekday, nth| Dates::nth_weekday(2026, month, weekday, nth).ok();
        assert_eq!(nth(3, Weekday::Thursday, 3).as_deref(), Some("2026-03-19"));
        assert_eq!(nth(3, Weekday::Sunday, 1).as_deref(), Some("2026-03-01"));
        assert_eq!(nth(3, Weekday::Sunday, 5).as_deref(), Some("2026-03-29"));
        assert_eq!(nth(5, Weekday::Monday, -1).as_deref(), Some("2026-05-25"));
        assert_eq!(nth(3, Weekday::Thursday, 5), None);
        assert_eq!(nth(3, Weekday::Thursday, 0), None);
        assert_eq!(nth(13, Weekday::Thursday, 1), None);
    }
}
