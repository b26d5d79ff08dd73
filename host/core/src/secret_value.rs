//! The value of a secret: checked once, held as briefly as possible, shown nowhere, wiped when dropped.

use serde::Deserialize;
use std::fmt;
use zeroize::Zeroizing;

/// Shortest value. A shorter one can be guessed, and can't be told from other text in an answer.
pub const SECRET_BYTES_MIN: usize = 8;
/// Longest value.
pub const SECRET_BYTES_MAX: usize = 8 << 10;

/// A text that can't be a secret's value. The text itself isn't told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretValueError {
    /// Too short or too long.
    #[error("a secret has {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} characters, and this one has {0}")]
    Length(usize),
    /// What can't stand in a header.
    #[error(
        "a secret consists of visible ASCII characters, without spaces and line ends, since it goes into headers"
    )]
    Character,
}

/// A value that may stand in a header. There is no way to write it to JSON, and it has no `Display`.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct SecretValue(Zeroizing<String>);

impl SecretValue {
    /// Takes visible ASCII characters.
    pub fn new(text: String) -> Result<Self, SecretValueError> {
        let text = Zeroizing::new(text);
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(SecretValueError::Character);
        }
        match text.len() {
            SECRET_BYTES_MIN..=SECRET_BYTES_MAX => Ok(Self(text)),
            length => Err(SecretValueError::Length(length)),
        }
    }

    /// The value in clear: to seal it, to send it, to look for it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SecretValue {
    type Error = SecretValueError;
    fn try_from(text: String) -> Result<Self, SecretValueError> {
        Self::new(text)
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_fits_into_a_header_and_is_shown_nowhere() {
        let check = |text: &str, expect: Result<(), SecretValueError>| {
            let made = SecretValue::new(text.to_owned());
            assert!(!format!("{made:?}").contains(text), "{text}");
            assert_eq!(made.map(|value| assert_eq!(value.reveal(), text)), expect, "{text}");
        };
        check("sk-12345", Ok(()));
        check("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", Ok(()));
        check("1234567", Err(SecretValueError::Length(7)));
        check(&"x".repeat(SECRET_BYTES_MAX), Ok(()));
        check(&"x".repeat(SECRET_BYTES_MAX + 1), Err(SecretValueError::Length(SECRET_BYTES_MAX + 1)));
        for bad in ["two words", "line-end\n", "tab\tbetween", "müllerei", "zero\0zero"] {
            check(bad, Err(SecretValueError::Character));
        }
    }

    #[test]
    fn what_is_no_value_is_refused_without_being_repeated() {
        let error = serde_json::from_str::<SecretValue>("\"hunter2 hunter2\"").unwrap_err();
        assert!(!error.to_string().contains("hunter"), "{error}");
    }
}
