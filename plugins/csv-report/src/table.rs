//! A CSV file, read row by row and never held whole.

use std::{
    fs::File,
    io::{self, Read},
};

use csv::{ByteRecord, Reader, ReaderBuilder};
use skep::Error;

const COLUMNS_MAX: usize = 100;
const BUFFER_BYTES: usize = 64 << 10;

pub struct Table<R> {
    reader: Reader<R>,
    name: String,
    pub columns: Vec<String>,
    /// Size of the file.
    pub bytes: u64,
}

impl Table<File> {
    pub fn open(path: &str, delimiter: u8) -> Result<Self, Error> {
        let failed = |error: io::Error| Error::Failed(format!("{path}: {}", reason(&error)));
        let file = File::open(path).map_err(failed)?;
        let about = file.metadata().map_err(failed)?;
        if about.is_dir() {
            return Err(Error::Failed(format!("{path}: is a folder; name a CSV file in it")));
        }
        Self::new(path, file, about.len(), delimiter)
    }
}

impl<R: Read> Table<R> {
    pub fn new(name: &str, source: R, bytes: u64, delimiter: u8) -> Result<Self, Error> {
        let mut reader =
            ReaderBuilder::new().delimiter(delimiter).buffer_capacity(BUFFER_BYTES).from_reader(source);
        let headers = reader.byte_headers().map_err(|e| broken(name, &e))?;
        let columns: Vec<_> =
            headers.iter().enumerate().map(|(at, header)| column_name(at, header)).collect();
        if columns.is_empty() {
            return Err(Error::Failed(format!(
                "{name}: is empty; a first row with the column names is needed"
            )));
        }
        if columns.len() > COLUMNS_MAX {
            let problem =
                format!("{name}: {} columns; at most {COLUMNS_MAX} can be reported on", columns.len());
            return Err(Error::Failed(problem));
        }
        Ok(Self { reader, name: name.to_owned(), columns, bytes })
    }

    /// Reads the next row; false at the end.
    pub fn next(&mut self, row: &mut ByteRecord) -> Result<bool, Error> {
        self.reader.read_byte_record(row).map_err(|e| broken(&self.name, &e))
    }

    /// Bytes read so far.
    pub fn position(&self) -> u64 {
        self.reader.position().byte()
    }

    pub fn first_rows(&mut self, count: usize) -> Result<Vec<Vec<String>>, Error> {
        let mut rows = Vec::new();
        let mut row = ByteRecord::new();
        while rows.len() < count && self.next(&mut row)? {
            rows.push(row.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect());
        }
        Ok(rows)
    }

    /// Where the column of this name stands.
    pub fn column(&self, name: &str) -> Result<usize, Error> {
        self.columns.iter().position(|column| column == name).ok_or_else(|| {
            Error::InvalidInput(format!("no column `{name}`; there are {}", self.columns.join(", ")))
        })
    }
}

/// As written, without the mark that some programs put in front of a file.
fn column_name(at: usize, header: &[u8]) -> String {
    let text = String::from_utf8_lossy(header);
    let name = text.trim_start_matches('\u{feff}').trim();
    if name.is_empty() { format!("column {}", at + 1) } else { name.to_owned() }
}

fn broken(name: &str, error: &csv::Error) -> Error {
    Error::Failed(match error.kind() {
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            format!("{name}, line {line}: {len} fields where the first row has {expected_len}")
        }
        csv::ErrorKind::Io(error) => format!("{name}: {}", reason(error)),
        _ => format!("{name}: {error}"),
    })
}

/// What older C libraries for WASI say of a path that no grant covers.
const NOT_CAPABLE: i32 = 76;

fn reason(error: &io::Error) -> String {
    match (error.kind(), error.raw_os_error()) {
        (io::ErrorKind::NotFound, _) | (_, Some(NOT_CAPABLE)) => {
            "no such file here; the operator can grant files with --fs HOST:/data".to_owned()
        }
        (io::ErrorKind::PermissionDenied, _) => {
            "not granted; the operator can allow it with --fs HOST:/data".to_owned()
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn problem(text: &str) -> String {
        let outcome =
            Table::new("x.csv", text.as_bytes(), 0, b',').and_then(|mut table| table.first_rows(100));
        match outcome {
            Err(Error::Failed(text) | Error::InvalidInput(text)) => text,
            Ok(rows) => panic!("{rows:?}"),
        }
    }

    #[test]
    fn rows_are_read_with_quotes_and_marks() {
        let text = "\u{feff}id, name ,\n1,\"a, b\",x\n2,\"line\nbreak\",\n";
        let mut table = Table::new("x.csv", text.as_bytes(), 0, b',').unwrap();
        assert_eq!(table.columns, ["id", "name", "column 3"]);
        let rows = table.first_rows(5).unwrap();
        assert_eq!(rows, [["1", "a, b", "x"], ["2", "line\nbreak", ""]]);
    }

    #[test]
    fn broken_tables_say_where() {
        assert_eq!(problem("a,b\n1,2\n3\n"), "x.csv, line 3: 1 fields where the first row has 2");
        assert!(problem("").contains("is empty"));
        assert!(problem(&"x,".repeat(COLUMNS_MAX)).contains("101 columns"));
    }
}
