//! Reading dates: the one form that tools pass on, and the many that people write.

use crate::{
    date::Date,
    exports::skep_plugins::dates::calendar::{FieldOrder, Problem},
};

const TEXT_LEN_MAX: usize = 64;
/// Two-digit years below this are of this century.
const CENTURY_TURN: i32 = 70;
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// `2026-03-01` and nothing else.
pub fn iso(text: &str) -> Result<Date, Problem> {
    let unreadable = || Problem::Unreadable(shown(text));
    let shape = text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    if !shape {
        return Err(unreadable());
    }
    let field = |range: std::ops::Range<usize>| text[range].parse::<i32>().map_err(|_| unreadable());
    exists(field(0..4)?, field(5..7)?, field(8..10)?, text)
}

/// A part of a written date.
enum Part {
    Number(Number),
    Month(i32),
}

struct Number {
    value: i32,
    digits: usize,
}

impl Number {
    fn full_year(&self) -> i32 {
        match self.digits {
            2 if self.value < CENTURY_TURN => 2000 + self.value,
            2 => 1900 + self.value,
            _ => self.value,
        }
    }
}

/// A date as people write it.
pub fn free(text: &str, order: Option<FieldOrder>) -> Result<Date, Problem> {
    let unreadable = || Problem::Unreadable(shown(text));
    if text.len() > TEXT_LEN_MAX {
        return Err(unreadable());
    }
    let trimmed = text.trim();
    if trimmed.len() == 8 && trimmed.bytes().all(|byte| byte.is_ascii_digit()) {
        return iso(&format!("{}-{}-{}", &trimmed[..4], &trimmed[4..6], &trimmed[6..]));
    }
    let parts = trimmed
        .split(|c: char| c.is_whitespace() || "-/.,".contains(c))
        .filter(|word| !word.is_empty())
        .map(part)
        .collect::<Option<Vec<_>>>()
        .ok_or_else(unreadable)?;
    let (year, month, day) = year_month_day(&parts, order).ok_or_else(unreadable)?;
    exists(year, month, day, text)
}

fn year_month_day(parts: &[Part], order: Option<FieldOrder>) -> Option<(i32, i32, i32)> {
    use Part::{Month, Number};
    Some(match parts {
        [Number(year), Month(month), Number(day)] if year.digits == 4 => (year.value, *month, day.value),
        [Number(day), Month(month), Number(year)] | [Month(month), Number(day), Number(year)] => {
            (year.full_year(), *month, day.value)
        }
        [Number(a), Number(b), Number(c)] => {
            let usual = if a.digits == 4 { FieldOrder::YearMonthDay } else { FieldOrder::DayMonthYear };
            match order.unwrap_or(usual) {
                FieldOrder::YearMonthDay => (a.full_year(), b.value, c.value),
                FieldOrder::DayMonthYear => (c.full_year(), b.value, a.value),
                FieldOrder::MonthDayYear => (c.full_year(), a.value, b.value),
            }
        }
        _ => return None,
    })
}

/// A number (`1`, `1st`), or a month's name or its first three letters or more.
fn part(word: &str) -> Option<Part> {
    let lower = word.to_lowercase();
    if lower.len() >= 3
        && let Some(at) = MONTHS.iter().position(|month| month.starts_with(&lower))
    {
        return Some(Part::Month(at as i32 + 1));
    }
    let digits = lower.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let suffix = &lower[digits.len()..];
    if !["", "st", "nd", "rd", "th"].contains(&suffix) || digits.is_empty() || digits.len() > 4 {
        return None;
    }
    let value = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    Some(Part::Number(Number { value, digits: digits.len() }))
}

fn exists(year: i32, month: i32, day: i32, text: &str) -> Result<Date, Problem> {
    Date::new(year, month, day).ok_or_else(|| Problem::NoSuchDay(shown(text)))
}

/// What an error repeats of the input.
fn shown(text: &str) -> String {
    text.chars().take(TEXT_LEN_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, order: Option<FieldOrder>, expect: &str) {
        let read = free(text, order).map(|date| date.to_string());
        assert_eq!(read.as_deref().ok(), Some(expect), "{text}: {read:?}");
    }

    #[test]
    fn dates_as_people_write_them() {
        for text in [
            "2026-03-01",
            "2026/3/1",
            "20260301",
            "1 March 2026",
            "1st Mar 2026",
            "Mar 1, 2026",
            "march 1st, 26",
            "2026 march 1",
            "01.03.2026",
            "1-3-26",
            "  1/3/2026 ",
        ] {
            check(text, None, "2026-03-01");
        }
    }

    #[test]
    fn the_order_decides_where_all_is_numbers() {
        check("03/01/2026", Some(FieldOrder::MonthDayYear), "2026-03-01");
        check("03/01/2026", Some(FieldOrder::DayMonthYear), "2026-01-03");
        check("26/03/01", Some(FieldOrder::YearMonthDay), "2026-03-01");
        check("1 Mar 2026", Some(FieldOrder::MonthDayYear), "2026-03-01");
        check("31.12.70", None, "1970-12-31");
        check("31.12.69", None, "2069-12-31");
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "yesterday",
            "2026-03",
            "1/2/3/4",
            "1 Ma 2026",
            "12345/1/1",
            "1x Mar 2026",
            "é/1/1",
            "-",
            "١/3/2026",
        ] {
            assert!(matches!(free(text, None), Err(Problem::Unreadable(_))), "{text}");
        }
        for text in ["2026-02-29", "2026-13-01", "0000-01-01", "31/4/2026"] {
            assert!(matches!(free(text, None), Err(Problem::NoSuchDay(_))), "{text}");
        }
        for text in ["2026-3-1", "2026-03-01 ", "+026-03-01", "2026-03-0é"] {
            assert!(matches!(iso(text), Err(Problem::Unreadable(_))), "{text}");
        }
    }
}
