//! A small skill, and what its callers and its author see of the SDK.
#![cfg(test)]

mod contract;
mod host;

use std::num::ParseIntError;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use skep::Error;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Add {
    /// The first number.
    a: u8,
    b: Option<u8>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Sum {
    sum: u8,
}

/// Adds two numbers,
/// small ones.
///
/// The sum is small too.
#[skep::tool]
fn add(input: Add) -> Result<Sum, Error> {
    let sum = input.a.checked_add(input.b.unwrap_or_default());
    Ok(Sum { sum: sum.ok_or_else(|| Error::invalid_input("the sum is too large"))? })
}

mod numbers {
    //! A tool in a module that has a name like its own.
    use super::*;

    #[derive(Deserialize, JsonSchema)]
    pub struct Text {
        pub text: String,
    }

    #[doc = "Reads a number."]
    #[skep::tool]
    pub fn numbers(input: Text) -> Result<i64, ParseIntError> {
        input.text.parse()
    }
}

/// Answers with anything.
#[skep::tool]
fn r#loop() -> Result<serde_json::Value, Error> {
    Err(Error::failed("round and round"))
}

/// Has nothing to say.
#[skep::tool]
fn nothing() -> Result<skep::Empty, Error> {
    Ok(skep::Empty {})
}

skep::skill!(add, numbers::numbers, r#loop, nothing);
