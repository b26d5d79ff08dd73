//! xargs: commands made of what standard input lists.

use std::io::Read;

use super::{Failure, Job};

const ARGS_USUAL: usize = 1000;

pub fn xargs(job: &mut Job) -> Result<u8, Failure> {
    let options = job.options("+n:I:0r")?;
    let mut command = options.rest.clone();
    if command.is_empty() {
        command.push("echo".to_owned());
    }
    let mut text = Vec::new();
    job.streams.input.clone().read_to_end(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    let items: Vec<&str> = if options.has('0') {
        text.split('\0').filter(|item| !item.is_empty()).collect()
    } else if options.value('I').is_some() {
        text.lines().map(str::trim).filter(|item| !item.is_empty()).collect()
    } else {
        text.split_whitespace().collect()
    };
    let mut status = 0;
    if let Some(mark) = options.value('I') {
        for item in items {
            let words = command.iter().map(|word| word.replace(mark, item)).collect();
            status |= u8::from(job.shell.run(words, &job.streams)? != 0);
        }
    } else {
        let count = options.number('n')?.unwrap_or(ARGS_USUAL).max(1);
        for items in items.chunks(count) {
            let words = command.iter().cloned().chain(items.iter().map(|item| (*item).to_owned())).collect();
            status |= u8::from(job.shell.run(words, &job.streams)? != 0);
        }
    }
    Ok(if status == 0 { 0 } else { 123 })
}
