//! Secrets: those that the operator granted with `--secret`. A skill never sees a value.
//!
//! What these give are placeholders for the headers of a request. The host puts the value in their place where
//! the request goes to a place that the secret was granted for, and denies it anywhere else. In URLs and bodies
//! they stay what they are. A placeholder holds for one call: ask in each call anew.

use crate::{
    Error,
    host::secrets::{self, Error as HostError},
};

/// A placeholder for a secret, as in `Authorization: Bearer PLACEHOLDER`.
pub fn get(name: &str) -> Result<String, Error> {
    secrets::get(name).map_err(withheld)
}

/// A placeholder for what stands behind `Basic` in `Authorization: Basic PLACEHOLDER`: the user, and the secret as
/// their password.
pub fn basic(name: &str, user: &str) -> Result<String, Error> {
    secrets::get_basic(name, user).map_err(withheld)
}

fn withheld(error: HostError) -> Error {
    let (HostError::Denied(why) | HostError::NotSet(why) | HostError::Unavailable(why)) = error;
    Error::Failed(why)
}
