//! Whole texts: cat, head, tail, tee, wc.

use std::{
    collections::VecDeque,
    fs::OpenOptions,
    io::{BufRead, Read, Write},
};

use super::{Failure, Job, next_line};

const CHUNK_BYTES: usize = 32 << 10;
const LINES_USUAL: usize = 10;
/// Of what `tail` keeps in memory.
const TAIL_MAX: usize = 16 << 20;

pub fn cat(job: &mut Job) -> Result<u8, Failure> {
    let options = job.options("n")?;
    let mut number = 0;
    job.each(&options.rest, |job, _, reader| {
        if !options.has('n') {
            return copy(job, reader);
        }
        while let Some(line) = next_line(reader)? {
            number += 1;
            job.print(format!("{number:6}\t{line}\n"))?;
        }
        Ok(())
    })
}

fn copy(job: &mut Job, reader: &mut dyn BufRead) -> Result<(), Failure> {
    loop {
        let chunk = reader.fill_buf()?;
        let length = chunk.len();
        if length == 0 {
            return Ok(());
        }
        job.print(chunk)?;
        reader.consume(length);
    }
}

/// `-5` as `-n 5`.
fn with_short_count(job: &mut Job) {
    let short = job.args.first().and_then(|arg| arg.strip_prefix('-'));
    let short =
        short.filter(|count| !count.is_empty() && count.chars().all(|letter| letter.is_ascii_digit()));
    if let Some(count) = short.map(str::to_owned) {
        job.args.splice(..1, ["-n".to_owned(), count]);
    }
}

fn heading(job: &mut Job, path: &str, paths: &[String]) -> Result<(), Failure> {
    if paths.len() < 2 {
        return Ok(());
    }
    let gap = if path == paths[0] { "" } else { "\n" };
    job.print(format!("{gap}==> {path} <==\n"))
}

pub fn head(job: &mut Job) -> Result<u8, Failure> {
    with_short_count(job);
    let options = job.options("n:c:")?;
    let (lines, bytes) = (options.number('n')?.unwrap_or(LINES_USUAL), options.number('c')?);
    job.each(&options.rest, |job, path, reader| {
        heading(job, path, &options.rest)?;
        if let Some(bytes) = bytes {
            let mut left = reader.take(bytes as u64);
            return copy(job, &mut left);
        }
        for _ in 0..lines {
            let mut line = Vec::new();
            if reader.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            job.print(line)?;
        }
        Ok(())
    })
}

pub fn tail(job: &mut Job) -> Result<u8, Failure> {
    with_short_count(job);
    let options = job.options("n:c:")?;
    let from_start = options.value('n').and_then(|count| count.strip_prefix('+')).map(str::parse::<usize>);
    job.each(&options.rest, |job, path, reader| {
        heading(job, path, &options.rest)?;
        if let Some(Ok(first)) = from_start {
            for _ in 1..first {
                if reader.skip_until(b'\n')? == 0 {
                    break;
                }
            }
            return copy(job, reader);
        }
        if let Some(bytes) = options.number('c')? {
            return last_bytes(job, reader, bytes);
        }
        let count = options.number('n')?.unwrap_or(LINES_USUAL);
        let (mut kept, mut size) = (VecDeque::new(), 0);
        loop {
            let mut line = Vec::new();
            if reader.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            size += line.len();
            kept.push_back(line);
            if kept.len() > count {
                size -= kept.pop_front().map_or(0, |line: Vec<u8>| line.len());
            }
            if size > TAIL_MAX {
                return Err(Failure::new(format!("{path}: so many lines have more than {TAIL_MAX} bytes")));
            }
        }
        kept.into_iter().try_for_each(|line| job.print(line))
    })
}

fn last_bytes(job: &mut Job, reader: &mut dyn BufRead, count: usize) -> Result<(), Failure> {
    let count = count.min(TAIL_MAX);
    let (mut kept, mut chunk) = (Vec::new(), vec![0; CHUNK_BYTES]);
    loop {
        let length = reader.read(&mut chunk)?;
        if length == 0 {
            break;
        }
        kept.extend_from_slice(&chunk[..length]);
        if kept.len() > 2 * count + CHUNK_BYTES {
            kept.drain(..kept.len() - count);
        }
    }
    job.print(&kept[kept.len().saturating_sub(count)..])
}

pub fn tee(job: &mut Job) -> Result<u8, Failure> {
    let options = job.options("a")?;
    let mut how = OpenOptions::new();
    how.create(true).write(true).append(options.has('a')).truncate(!options.has('a'));
    let mut files = Vec::new();
    for path in &options.rest {
        files.push(how.open(job.shell.path(path)).map_err(|error| Failure::io(path, &error))?);
    }
    let mut input = job.streams.input.clone();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let length = input.read(&mut chunk)?;
        if length == 0 {
            return Ok(0);
        }
        for file in &mut files {
            file.write_all(&chunk[..length])?;
        }
        job.print(&chunk[..length])?;
    }
}

#[derive(Default, Clone, Copy)]
struct Counts {
    lines: usize,
    words: usize,
    letters: usize,
    bytes: usize,
}

impl Counts {
    fn of(reader: &mut dyn BufRead) -> Result<Self, Failure> {
        let (mut counts, mut line) = (Self::default(), Vec::new());
        while reader.read_until(b'\n', &mut line)? > 0 {
            let text = String::from_utf8_lossy(&line);
            counts.lines += usize::from(line.ends_with(b"\n"));
            counts.words += text.split_whitespace().count();
            counts.letters += text.chars().count();
            counts.bytes += line.len();
            line.clear();
        }
        Ok(counts)
    }

    fn add(&mut self, other: Self) {
        self.lines += other.lines;
        self.words += other.words;
        self.letters += other.letters;
        self.bytes += other.bytes;
    }
}

pub fn wc(job: &mut Job) -> Result<u8, Failure> {
    let options = job.options("lwcm")?;
    let all = !"lwcm".chars().any(|flag| options.has(flag));
    let show = |counts: Counts, name: &str| {
        let columns = [('l', counts.lines), ('w', counts.words), ('m', counts.letters), ('c', counts.bytes)];
        let chosen = columns.iter().filter(|(flag, _)| options.has(*flag) || (all && *flag != 'm'));
        let numbers: Vec<String> = chosen.map(|(_, count)| count.to_string()).collect();
        format!("{} {name}", numbers.join(" ")).trim_end().to_owned() + "\n"
    };
    let mut total = Counts::default();
    let status = job.each(&options.rest, |job, path, reader| {
        let counts = Counts::of(reader)?;
        total.add(counts);
        job.print(show(counts, if path == "-" { "" } else { path }))
    })?;
    if options.rest.len() > 1 {
        job.print(show(total, "total"))?;
    }
    Ok(status)
}
