//! The names of imports and exports: `namespace:package/interface@version`.

use crate::json::cut;

/// Longest name that is quoted, in characters.
const NAME_CHARS_MAX: usize = 120;

/// A name taken apart. A plain name has neither package nor version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name<'a> {
    /// `wasi:filesystem`, or nothing.
    pub(super) package: &'a str,
    /// `types`.
    pub(super) interface: &'a str,
    /// `0.2.6`, or nothing.
    pub(super) version: &'a str,
}

impl<'a> Name<'a> {
    pub(super) fn new(name: &'a str) -> Self {
        let (path, version) = name.split_once('@').unwrap_or((name, ""));
        let (package, interface) = path.rsplit_once('/').unwrap_or(("", path));
        Self { package, interface, version }
    }

    /// Whether the version is one of a series, as 0.2: `0.2.6`, but not `0.20.0` or `0.2.0-rc.1`.
    pub(super) fn is_of(self, series: (u64, u64)) -> bool {
        semver::Version::parse(self.version)
            .is_ok_and(|version| (version.major, version.minor) == series && version.pre.is_empty())
    }
}

/// A foreign name in quotes, cut short.
pub(super) fn quote(name: &str) -> String {
    format!("`{}`", cut(name, NAME_CHARS_MAX))
}
