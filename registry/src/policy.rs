//! Policy files in the YAML shape that Wassette's users know, read as grants.
//!
//! What Skep can't enforce yet is an error, never ignored.

use serde::Deserialize;
use skep_core::{Access, Fault, FileRule, Grants, NetError};
use std::{collections::BTreeMap, path::PathBuf};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Policy {
    version: String,
    #[serde(default)]
    #[allow(dead_code, reason = "words for people; read so that it is no unknown key")]
    description: Option<String>,
    #[serde(default)]
    permissions: Permissions,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Permissions {
    storage: Rules<Storage>,
    network: Rules<Place>,
    environment: Rules<Variable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Rules<T> {
    allow: Vec<T>,
}

impl<T> Default for Rules<T> {
    fn default() -> Self {
        Self { allow: Vec::new() }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Storage {
    uri: String,
    access: Vec<String>,
}

/// A host, which stands for `https://HOST`, or a whole rule: `http://127.0.0.1:8080`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    host: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Variable {
    key: String,
    #[serde(default)]
    value: Option<String>,
}

/// Reads a policy file. Variables without a value take the one that `env` holds.
pub fn policy_parse(text: &str, env: &BTreeMap<String, String>) -> Result<Grants, Fault> {
    let error = |e: String| Fault::invalid_input(format!("policy: {e}"));
    let policy: Policy = serde_norway::from_str(text).map_err(|e| error(e.to_string()))?;
    if policy.version != "1.0" {
        return Err(error(format!("version `{}` is unknown: expected \"1.0\"", policy.version)));
    }
    let mut grants = Grants::default();
    for storage in policy.permissions.storage.allow {
        grants.files.push(file_rule(&storage).map_err(error)?);
    }
    for Place { host } in policy.permissions.network.allow {
        let rule = if host.contains("://") { host } else { format!("https://{host}") };
        grants.network.insert(rule.parse().map_err(|e: NetError| error(e.to_string()))?);
    }
    for Variable { key, value } in policy.permissions.environment.allow {
        let value = value.or_else(|| env.get(&key).cloned());
        let value =
            value.ok_or_else(|| error(format!("variable `{key}` has no value here: add `value:`")))?;
        grants.env.insert(key, value);
    }
    Ok(grants)
}

fn file_rule(storage: &Storage) -> Result<FileRule, String> {
    let uri = &storage.uri;
    let path = uri.strip_prefix("fs://").ok_or_else(|| format!("uri `{uri}` must begin with `fs://`"))?;
    let path = path.strip_suffix("/**").unwrap_or(path);
    if path.contains(['*', '?', '[']) {
        return Err(format!("uri `{uri}`: patterns other than a closing `/**` can't be enforced yet"));
    }
    let access = match storage.access.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["read"] => Access::Ro,
        ["read", "write"] | ["write", "read"] => Access::Rw,
        _ => return Err(format!("uri `{uri}`: access must be [read] or [read, write]")),
    };
    let guest = path.parse().map_err(|e| format!("uri `{uri}`: {e}"))?;
    Ok(FileRule { host: PathBuf::from(path), guest, access })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_err(text: &str, says: &str) {
        let error = policy_parse(text, &BTreeMap::new()).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }

    #[test]
    fn files_and_variables_become_grants() {
        let text = "version: \"1.0\"\npermissions:\n  storage:\n    allow:\n      - uri: fs:///srv/data/**\n        access: [read]\n  network:\n    allow:\n      - host: '*.example.com'\n      - host: http://127.0.0.1:8080\n  environment:\n    allow:\n      - key: LANG\n      - key: A\n        value: b\n";
        let grants = policy_parse(text, &BTreeMap::from([("LANG".into(), "C".into())])).unwrap();
        assert_eq!(grants.files[0].to_string(), "/srv/data:/srv/data:ro");
        let network: Vec<_> = grants.network.iter().map(ToString::to_string).collect();
        assert_eq!(network, ["http://127.0.0.1:8080", "https://*.example.com"]);
        assert_eq!(grants.env["LANG"], "C");
        assert_eq!(grants.env["A"], "b");
    }

    #[test]
    fn what_is_not_enforced_is_an_error() {
        check_err("version: \"2.0\"", "2.0");
        check_err("version: \"1.0\"\npermissions:\n  network:\n    deny: []\n", "deny");
        check_err("version: \"1.0\"\npermissions:\n  network:\n    allow: [{host: 'a/b'}]\n", "a/b");
        check_err("version: \"1.0\"\npermissions:\n  network:\n    allow: [{cidr: 10.0.0.0/8}]\n", "cidr");
        check_err("version: \"1.0\"\npermissions:\n  storage:\n    deny: []\n", "deny");
        let glob = "version: \"1.0\"\npermissions:\n  storage:\n    allow:\n      - {uri: 'fs:///a/*.csv', access: [read]}\n";
        check_err(glob, "patterns");
        check_err("version: \"1.0\"\nresources: {}\n", "resources");
    }
}
