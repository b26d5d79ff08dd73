//! What commands read and write: texts in memory, bounded, and files.

use std::{
    cell::RefCell,
    fs::File,
    io::{self, BufRead, BufReader, Cursor, Read, Write},
    rc::Rc,
};

/// Of standard input, shared by all commands that read it in turn.
#[derive(Clone)]
pub struct Input(Rc<RefCell<Box<dyn BufRead>>>);

impl Input {
    pub fn text(text: Vec<u8>) -> Self {
        Self(Rc::new(RefCell::new(Box::new(Cursor::new(text)))))
    }

    pub fn file(file: File) -> Self {
        Self(Rc::new(RefCell::new(Box::new(BufReader::new(file)))))
    }
}

impl Read for Input {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.borrow_mut().read(into)
    }
}

impl Input {
    /// One line with its end; nothing at the end of the input.
    pub fn line(&self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        self.0.borrow_mut().read_until(b'\n', &mut line)?;
        Ok(line)
    }
}

enum Sink {
    Memory { bytes: Vec<u8>, bytes_max: usize, full: bool },
    File(File),
    Nothing,
}

/// Where output goes; copies go to the same place.
#[derive(Clone)]
pub struct Output(Rc<RefCell<Sink>>);

impl Output {
    pub fn memory(bytes_max: usize) -> Self {
        Self(Rc::new(RefCell::new(Sink::Memory { bytes: Vec::new(), bytes_max, full: false })))
    }

    pub fn file(file: File) -> Self {
        Self(Rc::new(RefCell::new(Sink::File(file))))
    }

    pub fn nothing() -> Self {
        Self(Rc::new(RefCell::new(Sink::Nothing)))
    }

    /// Whether something was lost because there is no room.
    pub fn is_full(&self) -> bool {
        matches!(*self.0.borrow(), Sink::Memory { full: true, .. })
    }

    /// What was written to memory.
    pub fn take(&self) -> Vec<u8> {
        match &mut *self.0.borrow_mut() {
            Sink::Memory { bytes, .. } => std::mem::take(bytes),
            Sink::File(_) | Sink::Nothing => Vec::new(),
        }
    }
}

impl Write for Output {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        match &mut *self.0.borrow_mut() {
            Sink::Memory { bytes, bytes_max, full } => {
                let room = from.len().min(*bytes_max - bytes.len());
                bytes.extend_from_slice(&from[..room]);
                *full |= room < from.len();
                match room {
                    0 if !from.is_empty() => Err(io::Error::from(io::ErrorKind::BrokenPipe)),
                    room => Ok(room),
                }
            }
            Sink::File(file) => file.write(from),
            Sink::Nothing => Ok(from.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut *self.0.borrow_mut() {
            Sink::File(file) => file.flush(),
            Sink::Memory { .. } | Sink::Nothing => Ok(()),
        }
    }
}

/// The three streams of a command.
#[derive(Clone)]
pub struct Streams {
    pub input: Input,
    pub output: Output,
    pub errors: Output,
}
