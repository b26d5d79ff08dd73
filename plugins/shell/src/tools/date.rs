//! date: the time in UTC.

use std::time::{SystemTime, UNIX_EPOCH};

use super::{Failure, Job};

const DAY_SECONDS: u64 = 86_400;

pub fn date(job: &mut Job) -> Result<u8, Failure> {
    let args = job.args.iter().filter(|arg| *arg != "-u").collect::<Vec<_>>();
    let format = match args.as_slice() {
        [] => "%Y-%m-%dT%H:%M:%SZ",
        [format] if format.starts_with('+') => &format[1..],
        _ => {
            return Err(Failure::usage(
                "only +FORMAT is understood; for reckoning with dates there is no command",
            ));
        }
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let text = formatted(format, now)?;
    job.print(text + "\n")?;
    Ok(0)
}

pub fn formatted(format: &str, seconds: u64) -> Result<String, Failure> {
    let (year, month, day) = civil(seconds / DAY_SECONDS);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let mut text = String::new();
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            text.push(letter);
            continue;
        }
        text.push_str(&match letters.next() {
            Some('Y') => format!("{year:04}"),
            Some('m') => format!("{month:02}"),
            Some('d') => format!("{day:02}"),
            Some('H') => format!("{hour:02}"),
            Some('M') => format!("{minute:02}"),
            Some('S') => format!("{second:02}"),
            Some('F') => format!("{year:04}-{month:02}-{day:02}"),
            Some('T') => format!("{hour:02}:{minute:02}:{second:02}"),
            Some('s') => seconds.to_string(),
            Some('Z') => "UTC".to_owned(),
            Some('%') => "%".to_owned(),
            other => {
                return Err(Failure::usage(format!("`%{}` is not understood here", other.unwrap_or(' '))));
            }
        });
    }
    Ok(text)
}

/// The date of a day since 1970.
fn civil(days: u64) -> (u64, u64, u64) {
    // Years that begin in March have their leap day last; 400 of them have the same number of days always.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + later, month, date)
}
