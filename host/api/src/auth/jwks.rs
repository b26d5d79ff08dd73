//! The public keys of an issuer: fetched within bounds, kept for a while, asked for anew when one is missing.

use super::issuer::{KeyPlace, SigningAlgorithm};
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use parking_lot::RwLock;
use serde::Deserialize;
use serde_json::Value;
use skep_core::Fault;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Largest key set, in bytes.
const JWKS_BYTES_MAX: usize = 256 << 10;
/// Keys of a set at most.
const JWKS_KEYS_MAX: usize = 64;
/// How long fetching a set may take.
const FETCH_WAIT_MAX: Duration = Duration::from_secs(5);
/// How old a set is before it is asked for anew.
const FRESH_FOR: Duration = Duration::from_secs(600);
/// How old a set may be while its issuer is away.
const STALE_MAX: Duration = Duration::from_secs(3600);
/// Pause between two fetches, however many unknown keys are named.
const FETCH_PAUSE: Duration = Duration::from_secs(10);

/// One public key, and the one algorithm that it is for.
#[derive(Clone)]
pub(super) struct PublicKey {
    id: Option<String>,
    pub(super) algorithm: SigningAlgorithm,
    pub(super) key: DecodingKey,
}

type KeySet = Vec<PublicKey>;

/// Where an issuer's keys come from, and what came.
pub(super) struct KeySource {
    place: KeyPlace,
    http: reqwest::Client,
    held: RwLock<Option<(Arc<KeySet>, Instant)>>,
    tried: tokio::sync::Mutex<Option<Instant>>,
}

impl KeySource {
    pub(super) fn new(place: KeyPlace) -> Self {
        let http =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(FETCH_WAIT_MAX);
        // Without TLS there is nothing to fetch from, and every fetch says so.
        let http = http.build().unwrap_or_default();
        Self { place, http, held: RwLock::default(), tried: tokio::sync::Mutex::default() }
    }

    /// The key that a token names; the only one there is, if it names none.
    pub(super) async fn key(&self, id: Option<&str>) -> Result<Option<PublicKey>, Fault> {
        if let Some(key) = self.held(FRESH_FOR).and_then(|set| find(&set, id)) {
            return Ok(Some(key));
        }
        self.refresh().await;
        let away = || Fault::unavailable("the keys of the token's issuer can't be had: try again later");
        Ok(find(&*self.held(STALE_MAX).ok_or_else(away)?, id))
    }

    fn held(&self, age_max: Duration) -> Option<Arc<KeySet>> {
        let held = self.held.read();
        held.as_ref().filter(|(_, at)| at.elapsed() < age_max).map(|(set, _)| set.clone())
    }

    /// Fetches the set, unless that was tried a moment ago. Who comes meanwhile takes what came of it.
    async fn refresh(&self) {
        let mut tried = self.tried.lock().await;
        if tried.is_some_and(|at| at.elapsed() < FETCH_PAUSE) {
            return;
        }
        match self.fetch().await.and_then(|bytes| parse(&bytes)) {
            Ok(set) => *self.held.write() = Some((Arc::new(set), Instant::now())),
            Err(why) => tracing::warn!(place = ?self.place, why, "the keys of an issuer can't be had"),
        }
        *tried = Some(Instant::now());
    }

    async fn fetch(&self) -> Result<Vec<u8>, String> {
        match &self.place {
            KeyPlace::File(path) => {
                let bytes = tokio::fs::read(path).await.map_err(|e| e.to_string())?;
                bounded(bytes.len()).map(|()| bytes)
            }
            KeyPlace::Web(url) => {
                let sent = self.http.get(url.clone()).send().await;
                let mut answer =
                    sent.and_then(reqwest::Response::error_for_status).map_err(|e| e.to_string())?;
                let mut bytes = Vec::new();
                while let Some(chunk) = answer.chunk().await.map_err(|e| e.to_string())? {
                    bounded(bytes.len() + chunk.len())?;
                    bytes.extend_from_slice(&chunk);
                }
                Ok(bytes)
            }
        }
    }
}

fn bounded(bytes: usize) -> Result<(), String> {
    if bytes <= JWKS_BYTES_MAX { Ok(()) } else { Err(format!("more than {JWKS_BYTES_MAX} bytes")) }
}

fn find(set: &KeySet, id: Option<&str>) -> Option<PublicKey> {
    match (id, &set[..]) {
        (Some(id), _) => set.iter().find(|key| key.id.as_deref() == Some(id)).cloned(),
        (None, [only]) => Some(only.clone()),
        (None, _) => None,
    }
}

#[derive(Deserialize)]
struct Written {
    keys: Vec<Value>,
}

/// The keys of a set that signatures may be checked with. Others don't spoil it: sets may hold keys of all kinds.
fn parse(bytes: &[u8]) -> Result<KeySet, String> {
    let Written { keys } = serde_json::from_slice(bytes).map_err(|e| format!("no key set: {e}"))?;
    if keys.len() > JWKS_KEYS_MAX {
        return Err(format!("{} keys: at most {JWKS_KEYS_MAX} are taken", keys.len()));
    }
    Ok(keys.into_iter().filter_map(|key| usable(&serde_json::from_value(key).ok()?)).collect())
}

fn usable(jwk: &Jwk) -> Option<PublicKey> {
    let (algorithm, named) = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => (SigningAlgorithm::RS256, KeyAlgorithm::RS256),
        AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P256 => {
            (SigningAlgorithm::ES256, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
            (SigningAlgorithm::EdDSA, KeyAlgorithm::EdDSA)
        }
        // Shared secrets above all: whoever may check with one could sign with it.
        _ => return None,
    };
    let common = &jwk.common;
    let signs = common.public_key_use.as_ref().is_none_or(|what| *what == PublicKeyUse::Signature)
        && common.key_operations.as_ref().is_none_or(|what| what.contains(&KeyOperations::Verify))
        && common.key_algorithm.is_none_or(|what| what == named);
    let key = DecodingKey::from_jwk(jwk).ok().filter(|_| signs)?;
    Some(PublicKey { id: common.key_id.clone(), algorithm, key })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_public_keys_that_check_signatures_are_taken() {
        let x = "A".repeat(43);
        let ec = |more: Value| {
            let mut key = json!({ "kty": "EC", "crv": "P-256", "x": x, "y": x, "kid": "k" });
            key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            key
        };
        let taken =
            |key: Value| parse(&serde_json::to_vec(&json!({ "keys": [key] })).unwrap()).unwrap().len();
        assert_eq!(taken(ec(json!({}))), 1);
        assert_eq!(taken(ec(json!({ "use": "sig", "alg": "ES256", "key_ops": ["verify"] }))), 1);
        assert_eq!(taken(json!({ "kty": "OKP", "crv": "Ed25519", "x": x })), 1);
        for odd in [
            json!({ "use": "enc" }),
            json!({ "alg": "RS256" }),
            json!({ "key_ops": ["sign"] }),
            json!({ "crv": "P-384" }),
        ] {
            assert_eq!(taken(ec(odd.clone())), 0, "{odd}");
        }
        assert_eq!(taken(json!({ "kty": "oct", "k": x, "alg": "HS256" })), 0);
        assert_eq!(taken(json!({ "kty": "new" })), 0);
        let many = json!({ "keys": vec![ec(json!({})); JWKS_KEYS_MAX + 1] });
        assert!(parse(&serde_json::to_vec(&many).unwrap()).is_err());
        assert!(parse(b"{}").is_err() && parse(b"nothing").is_err());
    }
}
