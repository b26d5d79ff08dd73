//! Floor 4: the HTTP API. The only crate that knows HTTP servers.

mod base64_bytes;
pub mod types;
