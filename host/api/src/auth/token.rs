//! The host's own token: whoever bears it is an operator of everything.

use std::fmt;
use subtle::ConstantTimeEq;

/// Fewest characters of a token.
const TOKEN_CHARS_MIN: usize = 32;

/// The secret that opens the TCP listener.
#[derive(Clone)]
pub struct Token(String);

/// A text that is too weak for a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the API token must have at least {TOKEN_CHARS_MIN} visible ASCII characters: make one with `openssl rand -hex 32`"
)]
pub struct TokenError;

impl Token {
    /// Takes at least 32 visible ASCII characters; that they are random is up to the operator.
    pub fn new(text: String) -> Result<Self, TokenError> {
        let strong = text.len() >= TOKEN_CHARS_MIN && text.bytes().all(|b| b.is_ascii_graphic());
        if strong { Ok(Self(text)) } else { Err(TokenError) }
    }

    pub(super) fn matches(&self, given: &str) -> bool {
        self.0.as_bytes().ct_eq(given.as_bytes()).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_tokens_are_refused_and_strong_ones_compare_whole() {
        for weak in ["", "short", &"x".repeat(31), &"x y".repeat(20), &"ä".repeat(32)] {
            assert!(Token::new(weak.to_owned()).is_err(), "{weak}");
        }
        let token = Token::new("0123456789abcdef0123456789abcdef".into()).unwrap();
        assert!(token.matches("0123456789abcdef0123456789abcdef"));
        for wrong in ["", "0123456789abcdef0123456789abcde", "0123456789abcdef0123456789abcdeg"] {
            assert!(!token.matches(wrong), "{wrong}");
        }
        assert!(!format!("{token:?}").contains("0123"));
    }
}
