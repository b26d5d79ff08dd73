//! An issuer of the tests' own: makes tokens, good and bad ones, and publishes its keys.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

enum Key {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

pub(crate) struct Mint {
    key: Key,
    id: String,
}

fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Mint {
    fn new(key: Key) -> Self {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        Self { key, id: format!("key-{}", MADE.fetch_add(1, Ordering::Relaxed)) }
    }

    /// ring makes no RSA keys; openssl does.
    pub(crate) fn rsa() -> Self {
        let flags = ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-outform", "DER"];
        let made = Command::new("openssl").args(flags).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        Self::new(Key::Rsa(RsaKeyPair::from_der(&made.stdout).unwrap()))
    }

    pub(crate) fn ec() -> Self {
        let (kind, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let made = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        Self::new(Key::Ec(EcdsaKeyPair::from_pkcs8(kind, made.as_ref(), &random).unwrap()))
    }

    pub(crate) fn ed() -> Self {
        let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self::new(Key::Ed(Ed25519KeyPair::from_pkcs8(made.as_ref()).unwrap()))
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn algorithm(&self) -> &'static str {
        match self.key {
            Key::Rsa(_) => "RS256",
            Key::Ec(_) => "ES256",
            Key::Ed(_) => "EdDSA",
        }
    }

    /// Its public key.
    pub(crate) fn jwk(&self) -> Value {
        match &self.key {
            Key::Rsa(pair) => {
                let PublicKeyComponents::<Vec<u8>> { n, e } = pair.public().into();
                json!({ "kty": "RSA", "kid": self.id, "use": "sig", "n": base64(n), "e": base64(e) })
            }
            Key::Ec(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({ "kty": "EC", "crv": "P-256", "kid": self.id, "x": base64(x), "y": base64(y) })
            }
            Key::Ed(pair) => {
                let x = base64(pair.public_key().as_ref());
                json!({ "kty": "OKP", "crv": "Ed25519", "kid": self.id, "alg": "EdDSA", "x": x })
            }
        }
    }

    /// The public key as an attacker might take it for a secret: the number, DER, PEM, JSON.
    pub(crate) fn public_spellings(&self) -> [Vec<u8>; 4] {
        let Key::Rsa(pair) = &self.key else { panic!("only RSA keys are confused") };
        let PublicKeyComponents::<Vec<u8>> { n, .. } = pair.public().into();
        let der = pair.public().as_ref().to_vec();
        let text = base64::engine::general_purpose::STANDARD.encode(&der);
        let pem = format!("-----BEGIN RSA PUBLIC KEY-----\n{text}\n-----END RSA PUBLIC KEY-----\n");
        [n, der, pem.into_bytes(), self.jwk().to_string().into_bytes()]
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.key {
            Key::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
            Key::Ec(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Key::Ed(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    /// A signed token, with some of its header changed; null takes a field away.
    pub(crate) fn token(&self, header: Value, claims: &Value) -> String {
        let mut all = json!({ "alg": self.algorithm(), "typ": "JWT", "kid": self.id });
        let fields = all.as_object_mut().unwrap();
        fields.extend(header.as_object().unwrap().clone());
        fields.retain(|_, value| !value.is_null());
        let message = format!("{}.{}", base64(all.to_string()), base64(claims.to_string()));
        format!("{message}.{}", base64(self.sign(message.as_bytes())))
    }

    pub(crate) fn unsigned(header: &Value, claims: &Value) -> String {
        format!("{}.{}.", base64(header.to_string()), base64(claims.to_string()))
    }

    /// A token under a MAC, as the algorithms with shared secrets make one.
    pub(crate) fn mac(header: &Value, claims: &Value, secret: &[u8]) -> String {
        let kind = if header["alg"] == "HS256" { ring::hmac::HMAC_SHA256 } else { ring::hmac::HMAC_SHA512 };
        let message = format!("{}.{}", base64(header.to_string()), base64(claims.to_string()));
        let mac = ring::hmac::sign(&ring::hmac::Key::new(kind, secret), message.as_bytes());
        format!("{message}.{}", base64(mac))
    }

    /// Publishes its key on the web, and counts how often it is asked for.
    pub(crate) async fn publish(&self) -> (SocketAddr, Arc<AtomicUsize>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (count, body) = (Arc::new(AtomicUsize::new(0)), json!({ "keys": [self.jwk()] }).to_string());
        let counted = count.clone();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                counted.fetch_add(1, Ordering::SeqCst);
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                let length = body.len();
                let answer =
                    format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        (address, count)
    }
}
