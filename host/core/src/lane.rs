//! The lanes: how urgent a message is.

use serde::{Deserialize, Serialize};
use std::str::FromStr;
use utoipa::ToSchema;

/// Priority of a message. Free slots are split 8:3:1 among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// Someone waits and matters more than others.
    Hi,
    /// The usual.
    #[default]
    No,
    /// May wait.
    Lo,
}

/// A text that names no lane.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no lane `{0}`: it is hi, no or lo")]
pub struct LaneError(String);

impl Lane {
    /// All lanes, the most urgent first.
    pub const ALL: [Lane; 3] = [Lane::Hi, Lane::No, Lane::Lo];

    /// The lane as it stands in keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hi => "hi",
            Self::No => "no",
            Self::Lo => "lo",
        }
    }

    /// Its place in [`Lane::ALL`].
    pub fn rank(self) -> usize {
        match self {
            Self::Hi => 0,
            Self::No => 1,
            Self::Lo => 2,
        }
    }
}

impl FromStr for Lane {
    type Err = LaneError;

    fn from_str(text: &str) -> Result<Self, LaneError> {
        Self::ALL.into_iter().find(|lane| lane.as_str() == text).ok_or_else(|| LaneError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_are_found_by_their_names_and_stand_at_their_ranks() {
        for lane in Lane::ALL {
            assert_eq!(lane.as_str().parse(), Ok(lane));
            assert_eq!(Lane::ALL[lane.rank()], lane);
        }
        assert_eq!("top".parse::<Lane>().unwrap_err().to_string(), "no lane `top`: it is hi, no or lo");
    }
}
