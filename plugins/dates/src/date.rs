//! A date, and its arithmetic in days since 1970-01-01.

use std::fmt;

use crate::exports::skep_plugins::dates::calendar::{Problem, Span, Weekday};

pub const YEAR_MIN: i32 = 1;
pub const YEAR_MAX: i32 = 9999;
const DAYS_OF_400_YEARS: i32 = 146_097;
/// From the first of March of the year 0, where the arithmetic starts, to 1970-01-01.
const DAYS_TO_1970: i32 = 719_468;

const WEEKDAYS: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

/// A day that exists. Ordered by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    pub year: i32,
    pub month: i32,
    pub day: i32,
}

pub fn is_leap_year(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub fn days_in_month(year: i32, month: i32) -> i32 {
    match month {
        2 if is_leap_year(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl Date {
    /// None if there is no such day.
    pub fn new(year: i32, month: i32, day: i32) -> Option<Self> {
        let exists = (YEAR_MIN..=YEAR_MAX).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_in_month(year, month)).contains(&day);
        exists.then_some(Self { year, month, day })
    }

    /// Years are counted from March, so that the leap day comes last and months need no table.
    pub fn days_since_1970(self) -> i32 {
        let year = if self.month > 2 { self.year } else { self.year - 1 };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let month_from_march = (self.month + 9) % 12;
        let day_of_year = (153 * month_from_march + 2) / 5 + self.day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * DAYS_OF_400_YEARS + day_of_era - DAYS_TO_1970
    }

    pub fn from_days_since_1970(days: i64) -> Result<Self, Problem> {
        let days = i32::try_from(days)
            .ok()
            .and_then(|days| days.checked_add(DAYS_TO_1970))
            .ok_or(Problem::OutOfRange)?;
        let era = days.div_euclid(DAYS_OF_400_YEARS);
        let day_of_era = days.rem_euclid(DAYS_OF_400_YEARS);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = (month_from_march + 2) % 12 + 1;
        let year = era * 400 + year_of_era + i32::from(month <= 2);
        Self::new(year, month, day_of_year - (153 * month_from_march + 2) / 5 + 1).ok_or(Problem::OutOfRange)
    }

    /// 0 is Monday.
    pub fn weekday_index(self) -> i32 {
        (self.days_since_1970() + 3).rem_euclid(7)
    }

    pub fn weekday(self) -> Weekday {
        WEEKDAYS[self.weekday_index() as usize]
    }

    pub fn day_of_year(self) -> i32 {
        (1..self.month).map(|month| days_in_month(self.year, month)).sum::<i32>() + self.day
    }

    /// (ISO year, ISO week): those of the Thursday in the same week.
    pub fn iso_week(self) -> (i32, i32) {
        let to_thursday = 3 - self.weekday_index();
        let day = self.day_of_year() + to_thursday;
        let days_in_year = 365 + i32::from(is_leap_year(self.year));
        if day < 1 {
            let days_in_last_year = 365 + i32::from(is_leap_year(self.year - 1));
            (self.year - 1, (day + days_in_last_year - 1) / 7 + 1)
        } else if day > days_in_year {
            (self.year + 1, 1)
        } else {
            (self.year, (day - 1) / 7 + 1)
        }
    }

    /// `times` spans later.
    pub fn add(self, span: Span, times: i64) -> Result<Self, Problem> {
        let days = i64::from(self.days_since_1970());
        match span {
            Span::Days(n) => Self::from_days_since_1970(days + i64::from(n) * times),
            Span::Weeks(n) => Self::from_days_since_1970(days + i64::from(n) * times * 7),
            Span::Months(n) => self.add_months(i64::from(n) * times),
            Span::Years(n) => self.add_months(i64::from(n) * times * 12),
            Span::WorkingDays(n) => self.add_working_days(i64::from(n) * times),
        }
    }

    fn add_months(self, months: i64) -> Result<Self, Problem> {
        let month = i64::from(self.year) * 12 + i64::from(self.month - 1) + months;
        let year = i32::try_from(month.div_euclid(12)).map_err(|_| Problem::OutOfRange)?;
        let month = month.rem_euclid(12) as i32 + 1;
        Self::new(year, month, self.day.min(days_in_month(year, month))).ok_or(Problem::OutOfRange)
    }

    /// From a weekend, the first step forward is Monday and the first step back is Friday.
    fn add_working_days(self, count: i64) -> Result<Self, Problem> {
        let days = i64::from(self.days_since_1970());
        let weekday = i64::from(self.weekday_index());
        let (start, weekday) = match (weekday, count.signum()) {
            (5 | 6, 1) => (days - (weekday - 4), 4),
            (5 | 6, -1) => (days + (7 - weekday), 0),
            _ => (days, weekday),
        };
        if count == 0 {
            return Ok(self);
        }
        let monday = start - weekday;
        let steps = weekday + count;
        Self::from_days_since_1970(monday + steps.div_euclid(5) * 7 + steps.rem_euclid(5))
    }
}

/// Working days from 1970-01-01's Monday up to, and without, `date`.
fn working_days_before(date: Date) -> i32 {
    let days_from_monday = date.days_since_1970() + 3;
    days_from_monday.div_euclid(7) * 5 + days_from_monday.rem_euclid(7).min(5)
}

/// Monday to Friday in [start, end), negative if end comes first.
pub fn working_days_between(start: Date, end: Date) -> i32 {
    working_days_before(end) - working_days_before(start)
}

/// Whole months from start to end, towards zero.
pub fn months_between(start: Date, end: Date) -> i32 {
    let months = (end.year - start.year) * 12 + end.month - start.month;
    match start.add_months(i64::from(months)) {
        Ok(reached) if months > 0 && reached > end => months - 1,
        Ok(reached) if months < 0 && reached < end => months + 1,
        _ => months,
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
#[path = "date_tests.rs"]
mod tests;
