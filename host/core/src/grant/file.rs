//! Files in grants: what of the machine a guest sees, where, and what it may do there.

use crate::GrantError;
use serde::{Deserialize, Serialize};
use std::{fmt, path::PathBuf, str::FromStr};
use utoipa::ToSchema;

/// What may be done with files.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Read and list.
    #[default]
    Ro,
    /// Change, create and delete as well.
    Rw,
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ro => "ro",
            Self::Rw => "rw",
        })
    }
}

/// A path as a guest sees it: absolute, `/`-separated, without `.`, `..` or empty parts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GuestPath(String);

impl GuestPath {
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `other` is this path or lies below it.
    pub fn covers(&self, other: &GuestPath) -> bool {
        let below = other.0.strip_prefix(self.0.trim_end_matches('/'));
        below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl FromStr for GuestPath {
    type Err = GrantError;
    fn from_str(text: &str) -> Result<Self, GrantError> {
        let error = || GrantError::GuestPath(text.to_owned());
        let rest = text.strip_prefix('/').ok_or_else(error)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let bad = |part: &str| matches!(part, "" | "." | "..") || part.contains('\0');
        if !rest.is_empty() && rest.split('/').any(bad) {
            return Err(error());
        }
        Ok(Self(format!("/{rest}")))
    }
}

impl TryFrom<String> for GuestPath {
    type Error = GrantError;
    fn try_from(text: String) -> Result<Self, GrantError> {
        text.parse()
    }
}

impl From<GuestPath> for String {
    fn from(path: GuestPath) -> String {
        path.0
    }
}

impl fmt::Display for GuestPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One directory or file of the machine, where the guest sees it, and what it may do there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FileRule {
    /// The directory or file on the host's machine, absolute once it is stored.
    #[schema(value_type = String, pattern = "^/[^\\u0000]*$", examples("/srv/data"))]
    pub host: PathBuf,
    /// Where the guest sees it.
    pub guest: GuestPath,
    /// What the guest may do there.
    pub access: Access,
}

impl FileRule {
    /// Reads `HOST[:GUEST][:ro|rw]`. GUEST is HOST where left out, so HOST must then be absolute.
    pub fn parse(text: &str) -> Result<Self, GrantError> {
        let error = || GrantError::File(text.to_owned());
        let (rest, access) = match text.rsplit_once(':') {
            Some((rest, "ro")) => (rest, Access::Ro),
            Some((rest, "rw")) => (rest, Access::Rw),
            _ => (text, Access::Ro),
        };
        let (host, guest) = match rest.rsplit_once(':') {
            Some((host, guest)) => (host, guest.parse()?),
            None => (rest, rest.parse()?),
        };
        if host.is_empty() {
            return Err(error());
        }
        Ok(Self { host: PathBuf::from(host), guest, access })
    }
}

impl fmt::Display for FileRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.host.display(), self.guest, self.access)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_rules_read_as_docker_users_expect() {
        let check = |text: &str, host: &str, guest: &str, access| {
            let rule = FileRule::parse(text).unwrap();
            let read = (rule.host.to_str().unwrap(), rule.guest.as_str(), rule.access);
            assert_eq!(read, (host, guest, access), "{text}");
        };
        check("/srv/data", "/srv/data", "/srv/data", Access::Ro);
        check("/srv/data:rw", "/srv/data", "/srv/data", Access::Rw);
        check("./data:/data", "./data", "/data", Access::Ro);
        check("./data:/data/:rw", "./data", "/data", Access::Rw);
        for bad in ["", ":ro", "./data", "data:../x", "data:/a/../b", ":/x"] {
            assert!(FileRule::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn covering_goes_by_whole_parts() {
        let path = |text: &str| text.parse::<GuestPath>().unwrap();
        assert!(path("/data").covers(&path("/data/x")));
        assert!(path("/").covers(&path("/data")));
        assert!(!path("/data").covers(&path("/database")));
        assert!(!path("/data/x").covers(&path("/data")));
    }
}
