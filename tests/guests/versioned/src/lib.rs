//! A skill that tells its versions apart. The mark stands in the component's bytes as it is written here:
//! change its six digits there and another version, with another digest, is made without a build.

use std::hint::black_box;

wit_bindgen::generate!({ path: "wit" });

const PREFIX: usize = b"skep-version:".len();

#[used]
static MARK: [u8; PREFIX + 6] = *b"skep-version:000001";

struct Versioned;

impl Guest for Versioned {
    fn version() -> String {
        // Opaque, or the digits would be folded into instructions.
        let digits = black_box(&MARK)[PREFIX..].iter().map(|&digit| char::from(digit));
        let number = digits.skip_while(|&digit| digit == '0').collect::<String>();
        if number.is_empty() { "0".to_owned() } else { number }
    }
}

export!(Versioned);
