//! Values that go into a statement and rows that come out of it.

use super::DbError;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use std::fmt::Display;
use std::str::FromStr;

/// A value of a column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
    Blob(Bytes),
}

/// The values of a statement, in the order of its `?`.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::db::Value::from($value)),*] };
}
pub(crate) use values;

/// Anything by its text form.
pub(crate) fn text(value: impl Display) -> Value {
    Value::Text(value.to_string())
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<u64> for Value {
    /// Columns are signed; no count or time of ours comes near the end.
    fn from(value: u64) -> Self {
        Self::Int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<Bytes> for Value {
    fn from(value: Bytes) -> Self {
        Self::Blob(value)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A row, read from its first column to its last.
#[derive(Debug)]
pub(crate) struct Row(std::vec::IntoIter<Value>);

impl Row {
    pub(crate) fn new(values: Vec<Value>) -> Self {
        Self(values.into_iter())
    }

    fn next(&mut self) -> Result<Value, DbError> {
        self.0.next().ok_or_else(|| DbError::Defect("a row has too few columns".to_owned()))
    }

    pub(crate) fn int(&mut self) -> Result<u64, DbError> {
        self.opt_int()?.ok_or_else(|| unfit("a number", "NULL"))
    }

    pub(crate) fn opt_int(&mut self) -> Result<Option<u64>, DbError> {
        match self.next()? {
            Value::Null => Ok(None),
            Value::Int(value) => {
                Ok(Some(u64::try_from(value).map_err(|_| unfit("a count", &value.to_string()))?))
            }
            other => Err(unfit("a number", &format!("{other:?}"))),
        }
    }

    pub(crate) fn opt_text(&mut self) -> Result<Option<String>, DbError> {
        match self.next()? {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            // MySQL tells texts and bytes apart by what they are asked for only.
            Value::Blob(bytes) => match String::from_utf8(bytes.into()) {
                Ok(text) => Ok(Some(text)),
                Err(error) => Err(unfit("a text", &error.to_string())),
            },
            other @ Value::Int(_) => Err(unfit("a text", &format!("{other:?}"))),
        }
    }

    pub(crate) fn text(&mut self) -> Result<String, DbError> {
        self.opt_text()?.ok_or_else(|| unfit("a text", "NULL"))
    }

    pub(crate) fn opt_blob(&mut self) -> Result<Option<Bytes>, DbError> {
        match self.next()? {
            Value::Null => Ok(None),
            Value::Blob(bytes) => Ok(Some(bytes)),
            other => Err(unfit("bytes", &format!("{other:?}"))),
        }
    }

    pub(crate) fn blob(&mut self) -> Result<Bytes, DbError> {
        self.opt_blob()?.ok_or_else(|| unfit("bytes", "NULL"))
    }

    /// A text that stands for a `T`.
    pub(crate) fn parse<T: FromStr<Err: Display>>(&mut self) -> Result<T, DbError> {
        let text = self.text()?;
        text.parse().map_err(|error: T::Err| unfit("readable", &error.to_string()))
    }

    /// A JSON text that stands for a `T`.
    pub(crate) fn json<T: DeserializeOwned>(&mut self) -> Result<T, DbError> {
        let text = self.text()?;
        serde_json::from_str(&text).map_err(|error| unfit("readable", &error.to_string()))
    }
}

fn unfit(expected: &str, found: &str) -> DbError {
    DbError::Corrupt(format!("a column isn't {expected}: {found}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_in_order_and_refuse_what_does_not_fit() {
        let mut row = Row::new(values![7, "a", None::<String>, Bytes::from_static(b"b")]);
        assert_eq!(row.int(), Ok(7));
        assert_eq!(row.text(), Ok("a".to_owned()));
        assert_eq!(row.opt_text(), Ok(None));
        assert_eq!(row.blob(), Ok(Bytes::from_static(b"b")));
        assert!(matches!(row.int(), Err(DbError::Defect(_))));

        let wrong = || Row::new(vec![Value::Int(-1)]);
        assert!(matches!(wrong().int(), Err(DbError::Corrupt(_))));
        assert!(matches!(wrong().text(), Err(DbError::Corrupt(_))));
        assert!(matches!(wrong().blob(), Err(DbError::Corrupt(_))));
        let mut row = Row::new(vec![Value::Blob(Bytes::from_static(&[0xff])), text("1.x")]);
        assert!(matches!(row.text(), Err(DbError::Corrupt(_))));
        assert!(matches!(row.parse::<semver::Version>(), Err(DbError::Corrupt(_))));
    }
}
