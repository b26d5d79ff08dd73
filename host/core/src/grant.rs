//! Grants: what an operator gives a skill. Without a grant a skill has nothing.

use crate::{Digest, NameError, Requests, SkillName};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::{fmt, path::PathBuf, str::FromStr};
use utoipa::ToSchema;

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
    /// No skill name.
    #[error(transparent)]
    Skill(#[from] NameError),
    /// Two rules for one guest path.
    #[error("guest path `{0}` is granted twice: revoke the first, or choose another guest path")]
    Twice(GuestPath),
    /// The manifest doesn't ask for it.
    #[error("the skill's manifest doesn't ask for {0}; it asks for: {1}")]
    NotRequested(String, String),
}

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

/// Everything an operator gave a skill, and the digests it was given to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Grants {
    /// Files and directories.
    pub files: Vec<FileRule>,
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// Skills that it may call.
    pub skills: BTreeSet<SkillName>,
    /// The digests (component and manifest) that may use them.
    pub digests: BTreeSet<Digest>,
}

impl Grants {
    /// Whether nothing is granted.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.env.is_empty() && self.skills.is_empty()
    }

    /// The digest of what is granted, as it stands in the audit.
    pub fn fingerprint(&self) -> Digest {
        let rules = serde_json::to_vec(&(&self.files, &self.env, &self.skills)).unwrap_or_default();
        Digest::of(&rules)
    }

    /// Adds what `more` holds. Refuses what `requests` doesn't ask for, and two rules for one guest path.
    pub fn grant(&mut self, more: Grants, requests: Option<&Requests>) -> Result<(), GrantError> {
        for rule in more.files {
            requests.map_or(Ok(()), |r| rule_requested(&rule, r))?;
            match self.files.iter_mut().find(|old| old.guest == rule.guest) {
                Some(old) if old.host == rule.host => *old = rule,
                Some(_) => return Err(GrantError::Twice(rule.guest)),
                None => self.files.push(rule),
            }
        }
        for (key, value) in more.env {
            requests.map_or(Ok(()), |r| env_requested(&key, r))?;
            self.env.insert(key, value);
        }
        for skill in more.skills {
            requests.map_or(Ok(()), |r| skill_requested(&skill, r))?;
            self.skills.insert(skill);
        }
        Ok(())
    }

    /// Takes away what `these` names; says whether any of it was there.
    pub fn revoke(&mut self, these: &Revocation) -> bool {
        let before = self.rules();
        self.files.retain(|rule| !these.files.contains(&rule.guest));
        self.env.retain(|key, _| !these.env.contains(key));
        self.skills.retain(|skill| !these.skills.contains(skill));
        before != self.rules()
    }

    fn rules(&self) -> usize {
        self.files.len() + self.env.len() + self.skills.len()
    }
}

/// What is taken away from a skill.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Revocation {
    /// Files and directories, by where the guest sees them.
    pub files: Vec<GuestPath>,
    /// Environment variables, by name.
    pub env: Vec<String>,
    /// Skills that it may call.
    pub skills: Vec<SkillName>,
}

/// Reads `KEY=VALUE`.
fn env_parse(text: &str) -> Result<(String, String), GrantError> {
    let error = || GrantError::Env(text.to_owned());
    let (key, value) = text.split_once('=').ok_or_else(error)?;
    if key.is_empty() || text.contains('\0') {
        return Err(error());
    }
    Ok((key.to_owned(), value.to_owned()))
}

impl Grants {
    /// Reads the flags `--fs`, `--env` and `--skill` of the command line.
    pub fn from_flags(files: &[String], env: &[String], skills: &[String]) -> Result<Self, GrantError> {
        let mut grants = Self::default();
        let files = files.iter().map(|f| FileRule::parse(f)).collect::<Result<_, _>>()?;
        let env = env.iter().map(|e| env_parse(e)).collect::<Result<_, _>>()?;
        let skills = skills.iter().map(|s| s.parse()).collect::<Result<_, _>>()?;
        grants.grant(Self { files, env, skills, ..Self::default() }, None)?;
        Ok(grants)
    }
}

fn rule_requested(rule: &FileRule, requests: &Requests) -> Result<(), GrantError> {
    if requests.access_at(&rule.guest).is_some_and(|access| access >= rule.access) {
        return Ok(());
    }
    let asked: Vec<_> = requests.files.iter().map(|r| format!("{}:{}", r.path, r.access)).collect();
    Err(GrantError::NotRequested(format!("files at {}:{}", rule.guest, rule.access), list(&asked)))
}

fn env_requested(key: &str, requests: &Requests) -> Result<(), GrantError> {
    if requests.env.iter().any(|name| name == key) {
        return Ok(());
    }
    Err(GrantError::NotRequested(format!("the variable {key}"), list(&requests.env)))
}

fn skill_requested(skill: &SkillName, requests: &Requests) -> Result<(), GrantError> {
    if requests.skills.contains(skill) {
        return Ok(());
    }
    let asked: Vec<_> = requests.skills.iter().map(ToString::to_string).collect();
    Err(GrantError::NotRequested(format!("the skill {skill}"), list(&asked)))
}

fn list(asked: &[String]) -> String {
    if asked.is_empty() { "none".to_owned() } else { asked.join(", ") }
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

    #[test]
    fn nothing_is_granted_that_was_not_asked_for() {
        let requests: Requests =
            serde_json::from_str(r#"{"files":[{"path":"/data"}],"env":["LANG"]}"#).unwrap();
        let mut grants = Grants::default();
        let flags = |fs: &str, env: &[String]| Grants::from_flags(&[fs.to_owned()], env, &[]).unwrap();
        assert!(grants.grant(flags("/srv:/data:rw", &[]), Some(&requests)).is_err());
        assert!(grants.grant(flags("/srv:/etc", &[]), Some(&requests)).is_err());
        assert!(grants.grant(flags("/srv:/data", &["HOME=/".to_owned()]), Some(&requests)).is_err());
        grants.grant(flags("/srv:/data", &["LANG=C".to_owned()]), Some(&requests)).unwrap();
        assert!(matches!(grants.grant(flags("/etc:/data", &[]), None), Err(GrantError::Twice(_))));
        let data = Revocation { files: vec!["/data".parse().unwrap()], ..Revocation::default() };
        assert!(grants.revoke(&data));
        assert!(!grants.revoke(&data));
    }
}
