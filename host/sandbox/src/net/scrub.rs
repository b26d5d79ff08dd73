//! Scrubbing: where an answer repeats the value of a secret, the guest reads its placeholder.
//!
//! Found are the value itself, its base64 at any offset of a longer text, and its hex digits, each also where the
//! text is percent-encoded or written as a JSON string. A server that wants a skill to know the value can tell it
//! in other ways: this guards against servers that echo, log and list, not against the secret's own destination.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use std::collections::BTreeSet;
use std::sync::Arc;
use wasmtime_wasi_http::Error;
use zeroize::Zeroizing;

/// What is looked for, and what takes its place.
pub(super) struct Form {
    text: Zeroizing<Vec<u8>>,
    placeholder: Arc<str>,
}

/// All ways in which an answer is likely to repeat `value`.
pub(super) fn forms(value: &str, placeholder: &Arc<str>) -> Vec<Form> {
    let mut texts = BTreeSet::from([value.as_bytes().to_vec(), hex::encode(value).into_bytes()]);
    texts.insert(hex::encode_upper(value).into_bytes());
    for alphabet in [&STANDARD, &URL_SAFE] {
        let engine = GeneralPurpose::new(alphabet, NO_PAD);
        texts.extend((0..3).map(|before| base64_within(&engine, value, before)));
    }
    let form = |text| Form { text: Zeroizing::new(text), placeholder: Arc::clone(placeholder) };
    texts.into_iter().map(form).collect()
}

/// A text that is looked for as it is.
pub(super) fn form(text: &str, placeholder: &Arc<str>) -> Form {
    Form { text: Zeroizing::new(text.as_bytes().to_vec()), placeholder: Arc::clone(placeholder) }
}

/// What the base64 of a longer text shows of `value` alone, if `before` bytes (modulo 3) precede it.
fn base64_within(engine: &GeneralPurpose, value: &str, before: usize) -> Vec<u8> {
    let text = Zeroizing::new([&[0; 2][..before], value.as_bytes()].concat());
    let encoded = Zeroizing::new(engine.encode(&*text));
    encoded.as_bytes()[(before * 8).div_ceil(6)..text.len() * 8 / 6].to_vec()
}

/// What is looked for in the answer to one request.
pub(super) struct Forms {
    all: Vec<Form>,
    /// Whether a form may begin with this byte: most of a text is told by this alone.
    begins: [bool; 256],
}

impl Forms {
    pub(super) fn new(all: Vec<Form>) -> Self {
        let mut begins = [false; 256];
        for first in all.iter().filter_map(|form| form.text.first()).chain(b"%\\") {
            begins[usize::from(*first)] = !all.is_empty();
        }
        Self { all, begins }
    }
}

/// Scrubs one answer: its headers, then its body as it comes.
pub(super) struct Scrubber {
    forms: Arc<Forms>,
    /// What may be the beginning of something to scrub.
    held: Zeroizing<Vec<u8>>,
}

/// What stands at a place.
enum Found {
    Nothing,
    /// The text ends before that can be told.
    Unclear,
    /// A form, this long and with this number.
    Form(usize, usize),
}

impl Scrubber {
    pub(super) fn new(forms: Arc<Forms>) -> Self {
        Self { forms, held: Zeroizing::default() }
    }

    /// Whether there is nothing to scrub.
    pub(super) fn idle(&self) -> bool {
        self.forms.all.is_empty()
    }

    /// Cleans the answer's headers. What is compressed can't be scrubbed, so it is refused.
    pub(super) fn headers(&self, headers: &mut HeaderMap) -> Result<(), Error> {
        if self.idle() {
            return Ok(());
        }
        if let Some(coding) =
            headers.get_all(header::CONTENT_ENCODING).iter().find(|coding| *coding != "identity")
        {
            return Err(Error::HttpResponseContentCoding(coding.to_str().ok().map(str::to_owned)));
        }
        // A body with placeholders has another length.
        headers.remove(header::CONTENT_LENGTH);
        for value in headers.values_mut() {
            // Placeholders are visible ASCII, so this can't fail.
            if let Ok(clean) = HeaderValue::from_maybe_shared(Bytes::from(self.whole(value.as_bytes()))) {
                *value = clean;
            }
        }
        Ok(())
    }

    /// The next piece of the body, cleaned. Keeps back its end, where a value may begin.
    pub(super) fn body(&mut self, piece: Bytes) -> Bytes {
        if self.idle() {
            return piece;
        }
        self.held.extend_from_slice(&piece);
        self.scrub(false).into()
    }

    /// What was kept back, now that the body is over.
    pub(super) fn rest(&mut self) -> Bytes {
        self.scrub(true).into()
    }

    fn whole(&self, text: &[u8]) -> Vec<u8> {
        let mut scrubber = Self { forms: Arc::clone(&self.forms), held: Zeroizing::new(text.to_vec()) };
        scrubber.scrub(true)
    }

    fn scrub(&mut self, ended: bool) -> Vec<u8> {
        let text = std::mem::take(&mut self.held);
        let (mut clean, mut at) = (Vec::with_capacity(text.len()), 0);
        while at < text.len() {
            let rest = &text[at..];
            let plain = rest.iter().take_while(|byte| !self.forms.begins[usize::from(**byte)]).count();
            if plain > 0 {
                clean.extend_from_slice(&rest[..plain]);
                at += plain;
                continue;
            }
            match self.look(rest, ended) {
                Found::Nothing => {
                    clean.push(rest[0]);
                    at += 1;
                }
                Found::Form(length, number) => {
                    clean.extend_from_slice(self.forms.all[number].placeholder.as_bytes());
                    at += length;
                }
                Found::Unclear => break,
            }
        }
        self.held.extend_from_slice(&text[at..]);
        clean
    }

    /// The longest form at the start of `text`; unclear while a longer one may come.
    fn look(&self, text: &[u8], ended: bool) -> Found {
        let mut best = (0, 0);
        for (number, form) in self.forms.all.iter().enumerate() {
            for reading in [plainly, in_url, in_json] {
                match reading(&form.text, text) {
                    Some(length) => best = best.max((length, number)),
                    None if ended => {}
                    None => return Found::Unclear,
                }
            }
        }
        if best.0 == 0 { Found::Nothing } else { Found::Form(best.0, best.1) }
    }
}

/// How much of `text` is `form` as it stands: 0 if it isn't, `None` if it may yet be.
fn plainly(form: &[u8], text: &[u8]) -> Option<usize> {
    let both = form.len().min(text.len());
    match form[..both] == text[..both] {
        false => Some(0),
        true => (both == form.len()).then_some(both),
    }
}

/// The same for a text that is percent-encoded, wholly or in part.
fn in_url(form: &[u8], text: &[u8]) -> Option<usize> {
    spelt(form, text, |text| match text {
        [] => None,
        [b'%', digits @ ..] => hex_digits(digits, 2).map(|byte| byte.map_or((b'%', 1), |byte| (byte, 3))),
        [byte, ..] => Some((*byte, 1)),
    })
}

/// The same for a string of JSON.
fn in_json(form: &[u8], text: &[u8]) -> Option<usize> {
    spelt(form, text, |text| match text {
        [] | [b'\\'] => None,
        [b'\\', b'u', digits @ ..] => {
            hex_digits(digits, 4).map(|byte| byte.map_or((b'u', 2), |byte| (byte, 6)))
        }
        [b'\\', byte, ..] => Some((*byte, 2)),
        [byte, ..] => Some((*byte, 1)),
    })
}

/// How much of `text` is `form`, where `next` reads a character and how many bytes it takes; `None` if the text
/// ends in one.
fn spelt(form: &[u8], text: &[u8], next: impl Fn(&[u8]) -> Option<(u8, usize)>) -> Option<usize> {
    let mut length = 0;
    for expected in form {
        let (byte, taken) = next(&text[length..])?;
        if byte != *expected {
            return Some(0);
        }
        length += taken;
    }
    Some(length)
}

/// The byte that `count` hex digits stand for, if they are digits and it is one; `None` if the text ends in them.
fn hex_digits(text: &[u8], count: usize) -> Option<Option<u8>> {
    let digits = &text[..count.min(text.len())];
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return Some(None);
    }
    if digits.len() < count {
        return None;
    }
    let number = std::str::from_utf8(digits).ok().and_then(|digits| u32::from_str_radix(digits, 16).ok());
    Some(number.and_then(|number| u8::try_from(number).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    const VALUE: &str = r#"k3y%41/+\"?=n7"#;

    fn scrubber(values: &[(&str, &str)]) -> Scrubber {
        let forms = values.iter().flat_map(|(value, placeholder)| forms(value, &Arc::from(*placeholder)));
        Scrubber::new(Arc::new(Forms::new(forms.collect())))
    }

    fn pieces(text: &[u8], size: usize) -> Vec<u8> {
        let mut scrubber = scrubber(&[(VALUE, "<HERE>")]);
        let mut clean: Vec<u8> =
            text.chunks(size).flat_map(|piece| scrubber.body(Bytes::copy_from_slice(piece))).collect();
        clean.extend(scrubber.rest());
        clean
    }

    fn percent(text: &str, keep: impl Fn(u8) -> bool) -> String {
        text.bytes().map(|b| if keep(b) { char::from(b).to_string() } else { format!("%{b:02x}") }).collect()
    }

    #[test]
    fn a_value_is_found_in_every_dress_and_across_pieces() {
        let dresses = [
            VALUE.to_owned(),
            serde_json::to_string(VALUE).unwrap().trim_matches('"').to_owned(),
            VALUE.replace('\\', "\\\\").replace('/', "\\/").replace('"', "\\u0022"),
            percent(VALUE, |b| b.is_ascii_alphanumeric()),
            percent(VALUE, |b| b.is_ascii_alphanumeric() || b"/+?=".contains(&b)),
            percent(VALUE, |_| false),
            hex::encode(VALUE),
            hex::encode_upper(VALUE),
        ];
        for dress in dresses {
            let text = format!("before {dress} after %");
            for size in 1..text.len() {
                let clean = String::from_utf8(pieces(text.as_bytes(), size)).unwrap();
                assert_eq!(clean, "before <HERE> after %", "{dress} in pieces of {size}");
            }
        }
    }

    #[test]
    fn base64_shows_nothing_of_it_at_any_offset() {
        for user in ["", "a", "ab", "abc", "user:", "Aladdin:"] {
            let text = format!("{user}{VALUE}");
            for encoded in [BASE64_STANDARD.encode(&text), BASE64_URL_SAFE_NO_PAD.encode(&text)] {
                let clean = String::from_utf8(pieces(encoded.as_bytes(), 3)).unwrap();
                assert!(clean.contains("<HERE>"), "{encoded}");
                assert!(clean.len() < user.len() * 2 + 16, "{clean}");
                let written = percent(&encoded, |b| b.is_ascii_alphanumeric());
                assert!(
                    String::from_utf8(pieces(written.as_bytes(), 2)).unwrap().contains("<HERE>"),
                    "{written}"
                );
            }
        }
    }

    #[test]
    fn of_two_values_the_longer_one_is_taken() {
        let both = scrubber(&[("abcdefgh", "<short>"), ("abcdefghij", "<long>")]);
        assert_eq!(both.whole(b"abcdefgh abcdefghij abcdefghi"), b"<short> <long> <short>i");
        let mut slow = scrubber(&[("abcdefgh", "<short>"), ("abcdefghij", "<long>")]);
        let mut clean = slow.body("abcdefgh".into()).to_vec();
        assert!(clean.is_empty(), "it may become the longer one");
        clean.extend(slow.body("ij".into()));
        clean.extend(slow.rest());
        assert_eq!(clean, b"<long>");
    }

    #[test]
    fn headers_are_cleaned_and_what_is_compressed_is_refused() {
        let mut headers = HeaderMap::new();
        headers.insert("x-echo", HeaderValue::from_str(&format!("Bearer {VALUE}")).unwrap());
        headers.insert("content-length", HeaderValue::from_static("7"));
        scrubber(&[(VALUE, "<HERE>")]).headers(&mut headers).unwrap();
        assert_eq!((&headers["x-echo"], headers.len()), (&HeaderValue::from_static("Bearer <HERE>"), 1));

        headers.insert("content-encoding", HeaderValue::from_static("gzip"));
        let refused = scrubber(&[(VALUE, "<HERE>")]).headers(&mut headers);
        assert!(matches!(refused, Err(Error::HttpResponseContentCoding(Some(coding))) if coding == "gzip"));
        headers.insert("content-length", HeaderValue::from_static("7"));
        scrubber(&[]).headers(&mut headers).unwrap();
        assert_eq!(headers.len(), 3, "without secrets all stays as it came");
    }

    proptest! {
        #[test]
        fn what_is_no_secret_passes_as_it_is(text in proptest::collection::vec(any::<u8>(), 0..200), size in 1_usize..20) {
            prop_assert_eq!(pieces(&text, size), text);
        }

        #[test]
        fn no_text_gets_a_value_through(
            before in "[a-z%\\\\0-9]{0,8}", value in "[!-~]{8,20}", after in "[!-~]{0,8}", size in 1_usize..30,
        ) {
            let text = format!("{before}{value}{after}");
            let mut scrubber = scrubber(&[(&value, " ")]);
            let mut clean: Vec<u8> = text.as_bytes().chunks(size).flat_map(|piece| scrubber.body(Bytes::copy_from_slice(piece))).collect();
            clean.extend(scrubber.rest());
            prop_assert!(!String::from_utf8(clean).unwrap().contains(&value));
        }
    }
}
