//! The vault: seals secrets for the database, so that only who has the deployment's key opens them.

use bytes::Bytes;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::TryRngCore;
use rand::rngs::OsRng;
use skep_core::{DomainName, Fault, SecretName, SecretValue};
use zeroize::Zeroizing;

const NONCE_BYTES: usize = 24;

/// A key that seals and opens. XChaCha20-Poly1305, whose nonces are long enough to be drawn at random.
pub(crate) struct Vault(XChaCha20Poly1305);

/// Which value of which secret. It is sealed in, so that one row can't be put in the place of another.
#[derive(Clone, Copy)]
pub(crate) struct Label<'a> {
    pub(crate) domain: &'a DomainName,
    pub(crate) name: &'a SecretName,
    pub(crate) version: u64,
}

impl Label<'_> {
    /// No name contains a line end, so no two labels read the same.
    fn bytes(self) -> Vec<u8> {
        format!("skep secret\n{}\n{}\n{}", self.domain, self.name, self.version).into_bytes()
    }
}

impl Vault {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(key.into()))
    }

    /// The nonce, then the sealed value.
    pub(crate) fn seal(&self, label: Label<'_>, value: &SecretValue) -> Result<Bytes, Fault> {
        let mut nonce = [0; NONCE_BYTES];
        OsRng
            .try_fill_bytes(&mut nonce)
            .map_err(|error| Fault::internal(format!("no random numbers: {error}")))?;
        let message = Payload { msg: value.reveal().as_bytes(), aad: &label.bytes() };
        let sealed = self.0.encrypt(XNonce::from_slice(&nonce), message);
        let sealed = sealed.map_err(|_| Fault::internal("a secret could not be sealed"))?;
        Ok([&nonce[..], &sealed].concat().into())
    }

    /// What was sealed under this label with this key.
    pub(crate) fn open(&self, label: Label<'_>, sealed: &[u8]) -> Result<SecretValue, Fault> {
        let open = || {
            let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES)?;
            let message = Payload { msg: sealed, aad: &label.bytes() };
            let opened = Zeroizing::new(self.0.decrypt(XNonce::from_slice(nonce), message).ok()?);
            SecretValue::new(std::str::from_utf8(&opened).ok()?.to_owned()).ok()
        };
        open().ok_or_else(|| {
            let name = label.name;
            Fault::unavailable(format!(
                "secret `{name}` can't be opened: it was set under another key file, or its row was changed; \
                 give the host the key file it was set under, or set it again: `skep secret set {name}`"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label<'a>(domain: &'a DomainName, name: &'a SecretName, version: u64) -> Label<'a> {
        Label { domain, name, version }
    }

    #[test]
    fn only_the_same_key_opens_and_only_the_same_row() {
        let (main, other): (DomainName, DomainName) = (DomainName::default(), "other".parse().unwrap());
        let (key, token): (SecretName, SecretName) = ("KEY".parse().unwrap(), "TOKEN".parse().unwrap());
        let (vault, value) = (Vault::new(&[1; 32]), SecretValue::new("sk-0123456789".into()).unwrap());
        let sealed = vault.seal(label(&main, &key, 3), &value).unwrap();
        assert_eq!(vault.open(label(&main, &key, 3), &sealed).unwrap().reveal(), value.reveal());
        assert_ne!(vault.seal(label(&main, &key, 3), &value).unwrap(), sealed, "never twice alike");

        let refused = |vault: &Vault, label: Label<'_>, sealed: &[u8]| {
            let error = vault.open(label, sealed).unwrap_err();
            assert!(error.message.contains("another key file"), "{error}");
        };
        refused(&Vault::new(&[2; 32]), label(&main, &key, 3), &sealed);
        refused(&vault, label(&other, &key, 3), &sealed);
        refused(&vault, label(&main, &token, 3), &sealed);
        refused(&vault, label(&main, &key, 2), &sealed);
        for cut in [0, 1, NONCE_BYTES, sealed.len() - 1] {
            refused(&vault, label(&main, &key, 3), &sealed[..cut]);
        }
        for place in 0..sealed.len() {
            let mut changed = sealed.to_vec();
            changed[place] ^= 1;
            refused(&vault, label(&main, &key, 3), &changed);
        }
    }
}
