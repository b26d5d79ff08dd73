//! `read`: a file or a part of it, as text or base64.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use skep::Error;

use crate::scope::Scope;

const LENGTH_MAX: u64 = 1 << 20;
const LENGTH_USUAL: u64 = 64 << 10;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadRequest {
    path: String,
    /// The first byte wanted
    #[serde(default)]
    offset: u64,
    /// Bytes at most
    #[serde(default = "length_usual")]
    #[schemars(range(min = 1, max = LENGTH_MAX))]
    length: u64,
    /// Base64 also where it is UTF-8
    #[serde(default)]
    base64: bool,
}

fn length_usual() -> u64 {
    LENGTH_USUAL
}

#[derive(Serialize, JsonSchema)]
pub struct Content {
    content: String,
    encoding: Encoding,
    /// Of the whole file
    size: u64,
    /// Where to read on
    next_offset: u64,
    more: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
enum Encoding {
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "base64")]
    Base64,
}

/// Reads a file, or a part of it, as text; as base64 where it isn't UTF-8.
#[skep::tool]
pub fn read(request: ReadRequest) -> Result<Content, Error> {
    let scope = Scope::granted();
    let path = scope.path(&request.path)?;
    let (bytes, size) = part(&path, request.offset, request.length.min(LENGTH_MAX))
        .map_err(|error| scope.failed(&path, &error))?;
    let (content, encoding, taken) = encode(bytes, request.base64);
    let next_offset = request.offset.saturating_add(taken);
    Ok(Content { content, encoding, size, next_offset, more: taken > 0 && next_offset < size })
}

fn part(path: &Path, offset: u64, length: u64) -> io::Result<(Vec<u8>, u64)> {
    let mut file = File::open(path)?;
    let about = file.metadata()?;
    if about.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a folder; list it"));
    }
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    Ok((bytes, about.len()))
}

/// The content, its encoding, and how many bytes of the file it holds. A part that ends within a character
/// ends before it.
fn encode(mut bytes: Vec<u8>, base64: bool) -> (String, Encoding, u64) {
    if !base64 {
        let cut = std::str::from_utf8(&bytes).err().filter(|error| error.error_len().is_none());
        if let Some(error) = cut.filter(|error| error.valid_up_to() > 0) {
            bytes.truncate(error.valid_up_to());
        }
        match String::from_utf8(bytes) {
            Ok(text) => {
                let taken = text.len() as u64;
                return (text, Encoding::Utf8, taken);
            }
            Err(error) => bytes = error.into_bytes(),
        }
    }
    (BASE64_STANDARD.encode(&bytes), Encoding::Base64, bytes.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expect: (&str, Encoding, u64)) {
        let (content, encoding, taken) = encode(bytes.to_vec(), false);
        assert_eq!((content.as_str(), encoding, taken), expect);
    }

    #[test]
    fn text_stays_text_and_the_rest_is_base64() {
        check(b"plain", ("plain", Encoding::Utf8, 5));
        check(b"", ("", Encoding::Utf8, 0));
        check("zwölf".as_bytes(), ("zwölf", Encoding::Utf8, 6));
        check(&"zwölf".as_bytes()[..3], ("zw", Encoding::Utf8, 2));
        check(&[0xff, 0xfe], ("//4=", Encoding::Base64, 2));
        check(&[b'a', 0xff, b'b'], ("Yf9i", Encoding::Base64, 3));
        assert_eq!(encode(b"plain".to_vec(), true), ("cGxhaW4=".to_owned(), Encoding::Base64, 5));
    }
}
