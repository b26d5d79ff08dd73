//! test, also written `[ … ]`.

use std::fs;

use super::{Failure, Job, print::whole};

pub fn test(job: &mut Job) -> Result<u8, Failure> {
    let mut words: Vec<&str> = job.args.iter().map(String::as_str).collect();
    if job.name == "[" && words.pop() != Some("]") {
        return Err(Failure::usage("the `]` is missing"));
    }
    Ok(u8::from(!either(job, &words)?))
}

fn either(job: &Job, words: &[&str]) -> Result<bool, Failure> {
    let mut answer = false;
    for words in words.split(|word| *word == "-o") {
        let mut all = true;
        for words in words.split(|word| *word == "-a") {
            all &= one(job, words)?;
        }
        answer |= all;
    }
    Ok(answer)
}

fn one(job: &Job, words: &[&str]) -> Result<bool, Failure> {
    Ok(match words {
        [] => false,
        ["!", rest @ ..] if rest.len() != 2 || !rest[0].contains('=') => !one(job, rest)?,
        [text] => !text.is_empty(),
        ["-n", text] => !text.is_empty(),
        ["-z", text] => text.is_empty(),
        [check, path] => {
            let found = fs::metadata(job.shell.path(path));
            match *check {
                "-e" | "-r" => found.is_ok(),
                "-f" => found.is_ok_and(|found| found.is_file()),
                "-d" => found.is_ok_and(|found| found.is_dir()),
                "-s" => found.is_ok_and(|found| found.len() > 0),
                other => return Err(Failure::usage(format!("`{other}` is not understood here"))),
            }
        }
        [a, "=" | "==", b] => a == b,
        [a, "!=", b] => a != b,
        [a, compare, b] => {
            let order = whole(a)?.cmp(&whole(b)?);
            match *compare {
                "-eq" => order.is_eq(),
                "-ne" => order.is_ne(),
                "-lt" => order.is_lt(),
                "-le" => order.is_le(),
                "-gt" => order.is_gt(),
                "-ge" => order.is_ge(),
                other => return Err(Failure::usage(format!("`{other}` is not understood here"))),
            }
        }
        words => return Err(Failure::usage(format!("`{}` is not understood here", words.join(" ")))),
    })
}
