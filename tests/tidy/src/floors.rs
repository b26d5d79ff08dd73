//! The floors of the house: a crate depends only on floors below its own.

use toml::{Table, Value};

use crate::{File, Violation};

/// The crates of the house and their floors.
const FLOORS: [(&str, u8); 9] = [
    ("skep-core", 0),
    ("skep-store", 1),
    ("skep-bus", 1),
    ("skep-forge", 1),
    ("skep-sandbox", 1),
    ("skep-registry", 2),
    ("skep-router", 3),
    ("skep-api", 4),
    ("skep", 5),
];
/// What tests may use on every floor.
const HARNESS: &str = "skep-harness";
/// The one feature flag: what a crate's neighbours need to test themselves.
const FEATURE: &str = "test-util";

/// Dependencies that lead up, sideways or, from outside the house, in.
pub fn edges(file: &File) -> Vec<Violation> {
    let manifest = match parse(file) {
        Ok(manifest) => manifest,
        Err(violation) => return vec![violation],
    };
    let Some(name) = package_name(&manifest) else {
        return Vec::new();
    };
    let own = floor(name);
    if own.is_none() && (file.path.starts_with("host/") || file.path.starts_with("registry/")) {
        return vec![file.violation(1, format!("{name} has no floor: give it one in tests/tidy"))];
    }
    dependencies(&manifest)
        .into_iter()
        // A crate that depends on itself in tests turns its own feature on.
        .filter(|dependency| !(dependency.for_tests && [HARNESS, name].contains(&dependency.name.as_str())))
        .filter(|dependency| match (own, floor(&dependency.name)) {
            (Some(own), Some(other)) => other >= own,
            (None, Some(_)) => true,
            (Some(_), None) => dependency.name == HARNESS,
            // What only tests is for tests altogether.
            (None, None) => false,
        })
        .map(|dependency| {
            let message = format!("{name} may not depend on {}", dependency.name);
            file.violation(dependency.line(file), message)
        })
        .collect()
}

/// Feature flags, which double what must be tested.
pub fn features(file: &File) -> Vec<Violation> {
    let manifest = match parse(file) {
        Ok(manifest) => manifest,
        Err(violation) => return vec![violation],
    };
    let features = manifest.get("features").and_then(Value::as_table);
    features
        .into_iter()
        .flat_map(Table::keys)
        .filter(|name| *name != FEATURE)
        .map(|name| {
            let message = format!("feature flag `{name}`: only `{FEATURE}` is allowed");
            file.violation(file.line_of(&format!("{name} =")), message)
        })
        .collect()
}

/// A dependency as a manifest names it.
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) for_tests: bool,
}

impl Dependency {
    /// The line of the manifest it stands on.
    pub(crate) fn line(&self, file: &File) -> usize {
        let is_key = |line: &str| {
            let rest = line.strip_prefix(&self.name);
            rest.is_some_and(|rest| rest.starts_with([' ', '.', '=']))
        };
        match file.text().lines().position(is_key) {
            Some(index) => index + 1,
            None => file.line_of(&format!("\"{}\"", self.name)),
        }
    }
}

/// All dependencies of a manifest: of the crate, its build script, its tests, and any platform.
pub(crate) fn dependencies(manifest: &Table) -> Vec<Dependency> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let platforms = targets.into_iter().flat_map(Table::values);
    let tables = platforms.filter_map(Value::as_table).chain([manifest]);
    let mut all = Vec::new();
    for table in tables {
        for section in ["dependencies", "build-dependencies", "dev-dependencies"] {
            let entries = table.get(section).and_then(Value::as_table);
            all.extend(entries.into_iter().flatten().map(|(key, value)| {
                // `package` is the real name of a renamed one.
                let renamed = value.get("package").and_then(Value::as_str);
                Dependency {
                    name: renamed.unwrap_or(key).to_owned(),
                    for_tests: section == "dev-dependencies",
                }
            }));
        }
    }
    all
}

pub(crate) fn parse(file: &File) -> Result<Table, Violation> {
    file.text().parse().map_err(|error: toml::de::Error| file.violation(1, error.message()))
}

fn package_name(manifest: &Table) -> Option<&str> {
    manifest.get("package")?.get("name")?.as_str()
}

fn floor(name: &str) -> Option<u8> {
    let mut floors = FLOORS.iter();
    floors.find(|(own, _)| *own == name).map(|(_, floor)| *floor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check;

    fn manifest(path: &str, name: &str, rest: &str) -> File {
        File::new(path, format!("[package]\nname = \"{name}\"\n{rest}"))
    }

    #[test]
    fn down_is_allowed() {
        let rest =
            "[dependencies]\nskep-core.workspace = true\n[dev-dependencies]\nskep-harness.workspace = true\n";
        check(edges(&manifest("host/bus/Cargo.toml", "skep-bus", rest)), &[]);
        check(edges(&File::new("Cargo.toml", "[workspace]\n")), &[]);
    }

    #[test]
    fn up_and_sideways_are_not() {
        let rest = "[dependencies]\nskep-router.workspace = true\n\
                    [target.'cfg(unix)'.dependencies]\nstore = { package = \"skep-store\" }\n\
                    [build-dependencies]\nskep-harness.workspace = true\n";
        check(
            edges(&manifest("host/bus/Cargo.toml", "skep-bus", rest)),
            &[
                "host/bus/Cargo.toml:6: skep-bus may not depend on skep-store",
                "host/bus/Cargo.toml:4: skep-bus may not depend on skep-router",
                "host/bus/Cargo.toml:8: skep-bus may not depend on skep-harness",
            ],
        );
        let rest = "[dev-dependencies]\nskep-router.workspace = true\n";
        check(
            edges(&manifest("host/bus/Cargo.toml", "skep-bus", rest)),
            &["host/bus/Cargo.toml:4: skep-bus may not depend on skep-router"],
        );
    }

    #[test]
    fn nobody_comes_in_from_outside_or_without_a_floor() {
        let rest = "[dependencies]\nskep-core.workspace = true\n";
        check(
            edges(&manifest("tests/harness/Cargo.toml", "skep-harness", rest)),
            &["tests/harness/Cargo.toml:4: skep-harness may not depend on skep-core"],
        );
        check(
            edges(&manifest("host/new/Cargo.toml", "skep-new", "")),
            &["host/new/Cargo.toml:1: skep-new has no floor: give it one in tests/tidy"],
        );
    }

    #[test]
    fn a_broken_manifest_is_a_violation() {
        assert_eq!(edges(&File::new("Cargo.toml", "[package")).len(), 1);
        assert_eq!(features(&File::new("Cargo.toml", "[package")).len(), 1);
    }

    #[test]
    fn one_feature_flag_is_allowed() {
        let rest = "[features]\ntest-util = []\nfast = []\n";
        check(
            features(&manifest("host/bus/Cargo.toml", "skep-bus", rest)),
            &["host/bus/Cargo.toml:5: feature flag `fast`: only `test-util` is allowed"],
        );
    }
}
