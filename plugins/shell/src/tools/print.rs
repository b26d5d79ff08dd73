//! Texts and numbers made: echo, printf, seq, expr, basename, dirname.

use super::{Failure, Job};
use crate::places;

pub fn echo(job: &mut Job) -> Result<u8, Failure> {
    let is_option = |arg: &&String| matches!(arg.as_str(), "-n" | "-e" | "-ne" | "-en" | "-E");
    let options: String = job.args.iter().take_while(is_option).flat_map(|arg| arg.chars()).collect();
    let text = job.args.iter().skip_while(is_option).cloned().collect::<Vec<_>>().join(" ");
    let text = if options.contains('e') { unescaped(&text) } else { text };
    job.print(text)?;
    if !options.contains('n') {
        job.print("\n")?;
    }
    Ok(0)
}

/// `\n`, `\t`, `\\`, … as what they mean.
pub fn unescaped(text: &str) -> String {
    let mut answer = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            answer.push(letter);
            continue;
        }
        match letters.next() {
            Some('n') => answer.push('\n'),
            Some('t') => answer.push('\t'),
            Some('r') => answer.push('\r'),
            Some('0') => answer.push('\0'),
            Some('\\') | None => answer.push('\\'),
            Some(other) => answer.extend(['\\', other]),
        }
    }
    answer
}

pub fn printf(job: &mut Job) -> Result<u8, Failure> {
    let Some((format, mut args)) = job.args.clone().split_first().map(|(f, a)| (unescaped(f), a.to_vec()))
    else {
        return Err(Failure::usage("the format is missing"));
    };
    args.reverse();
    loop {
        let before = args.len();
        let text = formatted(&format, &mut args)?;
        job.print(text)?;
        if args.is_empty() || args.len() == before {
            return Ok(0);
        }
    }
}

/// Wider than that is no column.
const WIDTH_MAX: usize = 1000;

/// One use of the format; `args` are taken from the end.
fn formatted(format: &str, args: &mut Vec<String>) -> Result<String, Failure> {
    let mut answer = String::new();
    let mut rest = format;
    while let Some((text, after)) = rest.split_once('%') {
        answer.push_str(text);
        if let Some(after) = after.strip_prefix('%') {
            answer.push('%');
            rest = after;
            continue;
        }
        let end = after.find(|letter: char| letter.is_ascii_alphabetic());
        let end = end.ok_or_else(|| Failure::usage("a `%` has no letter"))?;
        let (spec, kind) = (&after[..end], after.as_bytes()[end]);
        let flags: String = spec.chars().take_while(|letter| "-+0 ".contains(*letter)).collect();
        let (width, precision) = spec[flags.len()..].split_once('.').unwrap_or((&spec[flags.len()..], ""));
        let wrong = || Failure::usage(format!("`%{}` is not understood here", &after[..=end]));
        let number = |text: &str| match text {
            "" => Ok(None),
            text => text.parse().ok().filter(|width| *width <= WIDTH_MAX).map(Some).ok_or_else(wrong),
        };
        let (width, precision) = (number(width)?.unwrap_or(0), number(precision)?);
        let arg = args.pop().unwrap_or_default();
        let value = match kind {
            b's' => arg.chars().take(precision.unwrap_or(usize::MAX)).collect(),
            b'b' => unescaped(&arg),
            b'c' => arg.chars().take(1).collect(),
            b'd' | b'i' | b'u' => whole(&arg)?.to_string(),
            b'x' => format!("{:x}", whole(&arg)?),
            b'X' => format!("{:X}", whole(&arg)?),
            b'o' => format!("{:o}", whole(&arg)?),
            b'f' => format!("{:.*}", precision.unwrap_or(6), real(&arg)?),
            _ => return Err(wrong()),
        };
        let value = if flags.contains('+') && !value.starts_with('-') && kind != b's' {
            format!("+{value}")
        } else {
            value
        };
        answer.push_str(&if flags.contains('-') {
            format!("{value:<width$}")
        } else if flags.contains('0') && kind != b's' {
            let (sign, digits) = value.strip_prefix('-').map_or(("", value.as_str()), |digits| ("-", digits));
            format!("{sign}{digits:0>filled$}", filled = width.saturating_sub(sign.len()))
        } else {
            format!("{value:>width$}")
        });
        rest = &after[end + 1..];
    }
    answer.push_str(rest);
    Ok(answer)
}

pub fn whole(text: &str) -> Result<i64, Failure> {
    match text.trim() {
        "" => Ok(0),
        text => text.parse().map_err(|_| Failure::usage(format!("`{text}` is no whole number"))),
    }
}

fn real(text: &str) -> Result<f64, Failure> {
    match text.trim() {
        "" => Ok(0.0),
        text => text.parse().map_err(|_| Failure::usage(format!("`{text}` is no number"))),
    }
}

pub fn seq(job: &mut Job) -> Result<u8, Failure> {
    let numbers = job.args.iter().map(|arg| whole(arg)).collect::<Result<Vec<_>, _>>()?;
    let (mut number, step, last) = match numbers[..] {
        [last] => (1, 1, last),
        [first, last] => (first, 1, last),
        [first, step, last] if step != 0 => (first, step, last),
        _ => return Err(Failure::usage("give LAST, FIRST LAST, or FIRST STEP LAST, of whole numbers")),
    };
    while if step > 0 { number <= last } else { number >= last } {
        job.print(format!("{number}\n"))?;
        let Some(next) = number.checked_add(step) else { break };
        number = next;
    }
    Ok(0)
}

pub fn expr(job: &mut Job) -> Result<u8, Failure> {
    let [a, operator, b] = job.args.as_slice() else {
        return Err(Failure::usage("give NUMBER OPERATOR NUMBER"));
    };
    let (x, y) = (whole(a)?, whole(b)?);
    let answer = match operator.as_str() {
        "+" => x.checked_add(y),
        "-" => x.checked_sub(y),
        "*" => x.checked_mul(y),
        "/" => x.checked_div(y),
        "%" => x.checked_rem(y),
        "<" => Some(i64::from(x < y)),
        "<=" => Some(i64::from(x <= y)),
        "=" => Some(i64::from(x == y)),
        "!=" => Some(i64::from(x != y)),
        ">=" => Some(i64::from(x >= y)),
        ">" => Some(i64::from(x > y)),
        other => return Err(Failure::usage(format!("`{other}` is no operator here"))),
    };
    let answer = answer.ok_or_else(|| Failure::usage(format!("{x} {operator} {y} has no answer")))?;
    job.print(format!("{answer}\n"))?;
    Ok(u8::from(answer == 0))
}

pub fn basename(job: &mut Job) -> Result<u8, Failure> {
    let (path, end) = match job.args.as_slice() {
        [path] => (path, ""),
        [path, end] => (path, end.as_str()),
        _ => return Err(Failure::usage("give one path, and an end to take away if you like")),
    };
    let name = places::last_name(path);
    let name = name.strip_suffix(end).filter(|rest| !rest.is_empty()).unwrap_or(name).to_owned();
    job.print(name + "\n")?;
    Ok(0)
}

pub fn dirname(job: &mut Job) -> Result<u8, Failure> {
    for path in job.args.clone() {
        let folder = path.trim_end_matches('/').rsplit_once('/').map(|(folder, _)| folder);
        let folder = match folder {
            Some("") => "/",
            Some(folder) => folder,
            None if path.starts_with('/') => "/",
            None => ".",
        };
        job.print(format!("{folder}\n"))?;
    }
    Ok(0)
}
