//! Why a grant can't be read or can't be given.

use crate::{GuestPath, NameError, NetError, NetRule, SecretName};

/// A grant that can't be read or can't be given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// Not an absolute path without `.` and `..`.
    #[error("`{0}` is no guest path: write an absolute path without `.` or `..`, as in `/data`")]
    GuestPath(String),
    /// Not `HOST[:GUEST][:ro|rw]`.
    #[error("`{0}` is no file grant: write HOST[:GUEST][:ro|rw], as in `./data:/data:ro`")]
    File(String),
    /// Not `KEY=VALUE`.
    #[error("`{0}` is no environment grant: write KEY=VALUE")]
    Env(String),
    /// No name of a skill or a secret.
    #[error(transparent)]
    Name(#[from] NameError),
    /// No place on the network.
    #[error(transparent)]
    Network(#[from] NetError),
    /// Not `NAME=https://HOST`.
    #[error("`{0}` is no secret grant: write NAME=https://HOST, as in `API_KEY=https://api.example.com`")]
    Secret(String),
    /// A secret that anyone on the way could read.
    #[error("secret {0} would go to `{1}` in clear: use https, or http to a loopback address")]
    SecretInClear(SecretName, NetRule),
    /// A secret without a destination.
    #[error("secret {0} would go to every host: name the host that needs it")]
    SecretAnywhere(SecretName),
    /// Two rules for one guest path.
    #[error("guest path `{0}` is granted twice: revoke the first, or choose another guest path")]
    Twice(GuestPath),
    /// The manifest doesn't ask for it.
    #[error("the skill's manifest doesn't ask for {0}; it asks for: {1}")]
    NotRequested(String, String),
}
