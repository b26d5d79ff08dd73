//! Names of tools as MCP clients see them: `SKILL_TOOL`, at most 64 of `[A-Za-z0-9_-]`, each by itself alone.

use sha2::{Digest, Sha256};
use skep_core::{SkillName, ToolName};

/// Longest name that clients must take.
const NAME_CHARS_MAX: usize = 64;
/// Digits of the mark behind a name that isn't the tool's own to the letter.
const MARK_DIGITS: usize = 8;
/// The same where that mark was taken.
const MARK_DIGITS_LONG: usize = 16;

/// The name, which no other tool changes. Skills' names have no `_`, so the first one parts skill and tool.
pub(super) fn offered(skill: &SkillName, tool: &ToolName) -> String {
    let whole = format!("{skill}_{tool}");
    if whole.len() <= NAME_CHARS_MAX && !whole.contains('.') { whole } else { marked(&whole, MARK_DIGITS) }
}

/// Another name, for a tool whose mark makes it look like another.
pub(super) fn offered_otherwise(skill: &SkillName, tool: &ToolName) -> String {
    marked(&format!("{skill}_{tool}"), MARK_DIGITS_LONG)
}

fn marked(whole: &str, digits: usize) -> String {
    let mark = hex::encode(Sha256::digest(whole));
    let mut stem = whole.replace('.', "_");
    stem.truncate(NAME_CHARS_MAX - 1 - digits);
    format!("{stem}_{}", &mark[..digits])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_fit_and_differ() {
        let long = "t".repeat(128);
        let longer = format!("{}u", "t".repeat(127));
        let rows = ["report", "sum.of", "sum_of", "sum-of", &long, &longer, "a.b.c", "a_b.c", "a.b_c"];
        let skill: SkillName = "csv-report".parse().unwrap();
        let names: Vec<_> = rows.iter().map(|tool| offered(&skill, &tool.parse().unwrap())).collect();
        assert_eq!((names[0].as_str(), names[2].as_str()), ("csv-report_report", "csv-report_sum_of"));
        for name in &names {
            let ok = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            assert!(name.len() <= NAME_CHARS_MAX && name.chars().all(ok), "{name}");
        }
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), rows.len(), "{names:?}");
        let otherwise = offered_otherwise(&skill, &"sum.of".parse().unwrap());
        assert!(otherwise.len() <= NAME_CHARS_MAX && !names.contains(&otherwise));
    }
}
