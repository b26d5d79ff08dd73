//! A share of the whole: how many traces are recorded.

use std::str::FromStr;

/// A number from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio(f64);

/// A text that is no ratio.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no ratio: it is a number from 0 to 1, as in 0.05")]
pub struct RatioError(String);

impl Ratio {
    /// All of them.
    pub const ALL: Self = Self(1.0);
    /// None of them.
    pub const NONE: Self = Self(0.0);

    /// Whether what bears this random number belongs to the share. The same number always gives the same answer.
    pub(crate) fn takes(self, random: [u8; 16]) -> bool {
        let [.., a, b, c, d] = random;
        let place = f64::from(u32::from_be_bytes([a, b, c, d])) / 2f64.powi(32);
        place < self.0
    }
}

impl FromStr for Ratio {
    type Err = RatioError;
    fn from_str(text: &str) -> Result<Self, RatioError> {
        let ratio = text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
        ratio.map(Self).ok_or_else(|| RatioError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_read_or_named() {
        for text in ["0", "1", "0.05"] {
            assert!(text.parse::<Ratio>().is_ok(), "{text}");
        }
        for text in ["", "-0.1", "1.1", "NaN", "inf", "half"] {
            assert_eq!(text.parse::<Ratio>(), Err(RatioError(text.to_owned())));
        }
    }

    #[test]
    fn a_share_is_taken_evenly_and_always_alike() {
        let numbered = |n: u32| {
            let mut random = [0; 16];
            random[12..].copy_from_slice(&(n << 16).to_be_bytes());
            random
        };
        let taken = |ratio: Ratio| (0..65_536).filter(|n| ratio.takes(numbered(*n))).count();
        assert_eq!([Ratio::NONE, Ratio(0.25), Ratio::ALL].map(taken), [0, 16_384, 65_536]);
    }
}
