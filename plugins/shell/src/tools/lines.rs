//! Lines and their parts: sort, uniq, cut, tr.

use std::{cmp::Ordering, io::Read};

use super::{Failure, Job, next_line};

pub fn sort(job: &mut Job) -> Result<u8, Failure> {
    let options = job.options("rnufk:t:")?;
    let separator = options.letter('t')?;
    // `2`, `2,2` and `2nr` all begin with the field.
    let key = options.value('k').unwrap_or_default();
    let (digits, modifiers) =
        key.split_at(key.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(key.len()));
    let field: Option<usize> = digits.parse().ok().filter(|field| *field > 0);
    if !key.is_empty() && field.is_none() {
        return Err(Failure::usage(format!("-k: `{key}` is no field")));
    }
    let only = modifiers.contains(',');
    let has = |flag: char| options.has(flag) || modifiers.contains(flag);
    let part = |line: &str| -> String {
        let Some(field) = field else { return line.to_owned() };
        let rest = match separator {
            Some(separator) => line.splitn(field, separator).nth(field - 1).unwrap_or_default(),
            None => after_words(line, field - 1),
        };
        let ends = |letter: char| separator.map_or(letter.is_whitespace(), |own| own == letter);
        if only { rest.split(ends).next().unwrap_or_default().to_owned() } else { rest.to_owned() }
    };
    let compare = |a: &str, b: &str| match (has('n'), has('f')) {
        (true, _) => number(a).total_cmp(&number(b)),
        (_, true) => a.to_lowercase().cmp(&b.to_lowercase()),
        _ => a.cmp(b),
    };
    let (lines, status) = job.all_lines(&options.rest)?;
    let mut keyed: Vec<(String, String)> = lines.into_iter().map(|line| (part(&line), line)).collect();
    keyed.sort_by(|a, b| {
        let order = compare(&a.0, &b.0);
        if has('r') { order.reverse() } else { order }
    });
    if options.has('u') {
        keyed.dedup_by(|a, b| compare(&a.0, &b.0) == Ordering::Equal);
    }
    keyed.into_iter().try_for_each(|(_, line)| job.print(line + "\n"))?;
    Ok(status)
}

fn after_words(line: &str, words: usize) -> &str {
    let skip = |rest: &'_ str| {
        rest.trim_start().find(char::is_whitespace).map(|at| at + rest.len() - rest.trim_start().len())
    };
    let mut rest = line;
    for _ in 0..words {
        rest = skip(rest).map_or("", |at| &rest[at..]);
    }
    rest.trim_start()
}

/// The number that a text begins with; 0 if it begins with none.
fn number(text: &str) -> f64 {
    let text = text.trim_start();
    let end = text.char_indices().find(|(at, letter)| {
        !(letter.is_ascii_digit() || *letter == '.' || (*at == 0 && matches!(letter, '-' | '+')))
    });
    text[..end.map_or(text.len(), |(at, _)| at)].parse().unwrap_or(0.0)
}

pub fn uniq(job: &mut Job) -> Result<u8, Failure> {
    let options = job.options("cdui")?;
    let same =
        |a: &str, b: &str| if options.has('i') { a.to_lowercase() == b.to_lowercase() } else { a == b };
    let show = |job: &mut Job, line: &str, count: usize| {
        if (options.has('d') && count == 1) || (options.has('u') && count > 1) || count == 0 {
            return Ok(());
        }
        if options.has('c') {
            job.print(format!("{count:7} {line}\n"))
        } else {
            job.print(format!("{line}\n"))
        }
    };
    let (mut last, mut count) = (String::new(), 0);
    let status = job.each(&options.rest, |job, _, reader| {
        while let Some(line) = next_line(reader)? {
            if count > 0 && same(&line, &last) {
                count += 1;
                continue;
            }
            show(job, &last, count)?;
            (last, count) = (line, 1);
        }
        Ok(())
    })?;
    show(job, &last, count)?;
    Ok(status)
}

/// `1,3-5,7-` as ranges.
fn ranges(list: &str) -> Result<Vec<(usize, usize)>, Failure> {
    let wrong = || Failure::usage(format!("`{list}` is no list such as 1,3-5,7-"));
    let number = |text: &str, empty: usize| match text {
        "" => Ok(empty),
        text => text.parse::<usize>().ok().filter(|number| *number > 0).ok_or_else(wrong),
    };
    let range = |part: &str| match part.split_once('-') {
        Some((first, last)) if !(first.is_empty() && last.is_empty()) => {
            Ok((number(first, 1)?, number(last, usize::MAX)?))
        }
        None if !part.is_empty() => number(part, 0).map(|only| (only, only)),
        _ => Err(wrong()),
    };
    list.split(',').map(range).collect()
}

pub fn cut(job: &mut Job) -> Result<u8, Failure> {
    let options = job.options("f:d:c:b:s")?;
    let separator = options.letter('d')?.unwrap_or('\t');
    let letters = options.value('c').or(options.value('b'));
    let Some(list) = options.value('f').or(letters) else {
        return Err(Failure::usage("give -f LIST or -c LIST"));
    };
    let ranges = ranges(list)?;
    let chosen = |at: usize| ranges.iter().any(|(first, last)| (*first..=*last).contains(&(at + 1)));
    job.each(&options.rest, |job, _, reader| {
        while let Some(line) = next_line(reader)? {
            let kept: String = if letters.is_some() {
                line.chars().enumerate().filter(|(at, _)| chosen(*at)).map(|(_, letter)| letter).collect()
            } else if line.contains(separator) {
                let fields = line.split(separator).enumerate().filter(|(at, _)| chosen(*at));
                fields.map(|(_, field)| field).collect::<Vec<_>>().join(&separator.to_string())
            } else if options.has('s') {
                continue;
            } else {
                line
            };
            job.print(kept + "\n")?;
        }
        Ok(())
    })
}

/// `a-z`, `[:upper:]` and `\n` as letters.
fn letters(set: &str) -> Vec<char> {
    let set = [
        ("[:lower:]", "a-z"),
        ("[:upper:]", "A-Z"),
        ("[:digit:]", "0-9"),
        ("[:alpha:]", "A-Za-z"),
        ("[:alnum:]", "A-Za-z0-9"),
    ]
    .iter()
    .fold(
        set.replace("[:space:]", " \t\n\r\u{b}\u{c}").replace("[:punct:]", "!-/:-@[-`{-~"),
        |set, (name, range)| set.replace(name, range),
    );
    let set: Vec<char> = super::print::unescaped(&set).chars().collect();
    let mut letters = Vec::new();
    let mut rest = set.as_slice();
    while let [first, more @ ..] = rest {
        rest = match more {
            ['-', last, after @ ..] => {
                letters.extend(*first..=*last);
                after
            }
            _ => {
                letters.push(*first);
                more
            }
        };
    }
    letters
}

pub fn tr(job: &mut Job) -> Result<u8, Failure> {
    let options = job.options("+dscC")?;
    let delete = options.has('d');
    let [from, to @ ..] = options.rest.as_slice() else {
        return Err(Failure::usage("which letters? No set is given"));
    };
    let (from, to) = (letters(from), to.first().map(|set| letters(set)));
    let negated = options.has('c') || options.has('C');
    if to.as_ref().is_none_or(Vec::is_empty) && !delete && !options.has('s') {
        return Err(Failure::usage("the second set is missing"));
    }
    let target = |letter: char| {
        let at = from.iter().position(|own| *own == letter);
        let at = if negated { at.is_none().then_some(usize::MAX) } else { at };
        at.map(|at| to.as_ref().and_then(|to| to.get(at).or(to.last())).copied().unwrap_or(letter))
    };
    let squeezed = if delete { to.clone() } else { to.clone().or(Some(from.clone())) }.unwrap_or_default();
    let squeezes = |letter: char| squeezed.contains(&letter) != (negated && to.is_none());
    let mut text = Vec::new();
    job.streams.input.clone().read_to_end(&mut text)?;
    let (mut answer, mut last) = (String::new(), None);
    for letter in String::from_utf8_lossy(&text).chars() {
        let letter = match target(letter) {
            Some(_) if delete => continue,
            Some(other) => other,
            None => letter,
        };
        if options.has('s') && last == Some(letter) && squeezes(letter) {
            continue;
        }
        answer.push(letter);
        last = Some(letter);
    }
    job.print(answer)?;
    Ok(0)
}
