//! Bytes as base64 text in JSON, decoded straight out of the body.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// Whole groups of four characters; the last one may be padded, with no bits left over.
const PATTERN: &str = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$";

/// Bytes that travel as base64 (the standard alphabet, padded).
#[derive(Clone, PartialEq, Eq)]
pub struct Base64Bytes(pub Bytes);

impl fmt::Debug for Base64Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl PartialSchema for Base64Bytes {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).content_encoding("base64");
        text.description(Some("Bytes in base64.")).pattern(Some(PATTERN)).examples(["AGFzbQ=="]).into()
    }
}

impl ToSchema for Base64Bytes {}

impl Serialize for Base64Bytes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64Bytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(Visitor)
    }
}

/// Sees the text where it lies, so that a component of 64 MiB isn't copied first.
struct Visitor;

impl de::Visitor<'_> for Visitor {
    type Value = Base64Bytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes in base64")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Base64Bytes, E> {
        let bytes = STANDARD.decode(text).map_err(|e| E::custom(format!("not base64: {e}")))?;
        Ok(Base64Bytes(bytes.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_round_trip_and_nonsense_is_named() {
        let bytes = Base64Bytes(Bytes::from_static(b"\0asm\xff"));
        let json = serde_json::to_string(&bytes).unwrap();
        assert_eq!(serde_json::from_str::<Base64Bytes>(&json).unwrap(), bytes);
        let error = serde_json::from_str::<Base64Bytes>("\"a*\"").unwrap_err().to_string();
        assert!(error.contains("not base64"), "{error}");
        assert!(serde_json::from_str::<Base64Bytes>("7").is_err());
    }
}
