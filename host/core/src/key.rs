//! API keys: what they look like, what they are for, and how a host knows one again without keeping it.

use crate::{Quota, Role, Scope, UnixMs};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::{fmt, str::FromStr};

/// What every key begins with, so that people and scanners know one when they see it.
const PREFIX: &str = "skep_";
/// Hex digits of an id.
const ID_CHARS: usize = 16;
/// Bytes of a secret.
const SECRET_BYTES: usize = 32;

/// The part of a key that may be known: `[0-9a-f]{16}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId(String);

/// A text that is no key, or no key's id. It isn't repeated: it may be nearly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not the form of an id.
    #[error("this is no key's id: `skep key list` shows them")]
    Id,
    /// Not the form of a key.
    #[error("this is no API key: one reads skep_ID_SECRET")]
    Key,
}

fn is_hex(text: &str, chars: usize) -> bool {
    text.len() == chars && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

impl FromStr for KeyId {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<Self, KeyError> {
        if is_hex(text, ID_CHARS) { Ok(Self(text.to_owned())) } else { Err(KeyError::Id) }
    }
}

impl TryFrom<String> for KeyId {
    type Error = KeyError;
    fn try_from(text: String) -> Result<Self, KeyError> {
        text.parse()
    }
}

impl From<KeyId> for String {
    fn from(id: KeyId) -> String {
        id.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a key is for. It never changes: another purpose is another key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyTerms {
    /// What part its bearer plays.
    pub role: Role,
    /// How far that reaches.
    #[serde(default)]
    pub scope: Scope,
    /// What its bearer may use up.
    #[serde(default, skip_serializing_if = "Quota::is_empty")]
    pub quota: Quota,
    /// When it ends; never if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<UnixMs>,
}

impl KeyTerms {
    /// Whether the key has ended by itself.
    pub fn are_over(&self) -> bool {
        self.expires.is_some_and(|at| at.remaining().is_zero())
    }
}

/// A whole key, as its bearer shows it: `skep_ID_SECRET`.
#[derive(Clone)]
pub struct ApiKey {
    id: KeyId,
    secret: [u8; SECRET_BYTES],
}

impl ApiKey {
    /// A key of random bytes; they must come from the system's own source.
    pub fn new(id: [u8; ID_CHARS / 2], secret: [u8; SECRET_BYTES]) -> Self {
        Self { id: KeyId(hex::encode(id)), secret }
    }

    /// Its public part.
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// The whole key in text, to be shown once.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}_{}", self.id, hex::encode(self.secret))
    }

    /// What is kept of it: HMAC-SHA-256 over the secret, the id and the terms, under a key of the deployment.
    /// The secret is random, so it can't be guessed from that; and who can write to the database, but
    /// has no key file, can neither make a key nor widen one.
    pub fn proof(&self, deployment: &[u8; 32], terms: &str) -> [u8; 32] {
        // HMAC takes keys of any length, so this can't fail.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(deployment) else { return [0; 32] };
        for part in [self.secret.as_slice(), self.id.0.as_bytes(), terms.as_bytes()] {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// Whether a text is meant to be a key, rightly formed or not.
    pub fn resembles(text: &str) -> bool {
        text.starts_with(PREFIX)
    }
}

impl FromStr for ApiKey {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let read = || {
            let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
            let mut bytes = [0; SECRET_BYTES];
            let whole = is_hex(secret, SECRET_BYTES * 2);
            (whole && hex::decode_to_slice(secret, &mut bytes).is_ok()).then_some(())?;
            Some(Self { id: id.parse().ok()?, secret: bytes })
        };
        read().ok_or(KeyError::Key)
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({}, …)", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_as_they_are_shown_and_hide_in_logs() {
        let key = ApiKey::new([7; 8], [9; 32]);
        let text = key.reveal();
        let again: ApiKey = text.parse().unwrap();
        assert_eq!((again.id(), again.reveal()), (key.id(), text.clone()));
        assert!(!format!("{key:?}").contains(&text[text.len() - 8..]));
        for bad in
            ["", "skep_", &text[1..], &text[..text.len() - 1], &text.to_uppercase(), &text.replace('7', "g")]
        {
            assert!(bad.parse::<ApiKey>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_proof_holds_for_one_secret_one_purpose_and_one_deployment() {
        let key = ApiKey::new([7; 8], [9; 32]);
        let proof = key.proof(&[1; 32], "terms");
        assert_eq!(key.proof(&[1; 32], "terms"), proof);
        for other in [
            key.proof(&[2; 32], "terms"),
            key.proof(&[1; 32], "other"),
            ApiKey::new([7; 8], [8; 32]).proof(&[1; 32], "terms"),
            ApiKey::new([8; 8], [9; 32]).proof(&[1; 32], "terms"),
        ] {
            assert_ne!(other, proof);
        }
    }
}
