//! What is kept of one column.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    numbers::{Numbers, Statistics},
    settings::Settings,
};

/// Distinct values counted; a column with more only says so.
const DISTINCT_MAX: usize = 1000;
/// Bytes of a value that tell it from others.
const VALUE_LEN_MAX: usize = 256;
const TOP_LEN: usize = 5;

#[derive(Serialize, JsonSchema)]
pub struct ColumnReport {
    pub name: String,
    pub kind: Kind,
    /// Values that aren't empty
    pub count: u64,
    pub empty: u64,
    pub distinct: usize,
    /// Whether there are more than that
    pub distinct_more: bool,
    /// Of the texts, by alphabet
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub top: Vec<Top>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub numbers: Option<Statistics>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Number,
    Text,
    Mixed,
    Empty,
}

#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct Top {
    pub value: String,
    pub count: u64,
}

#[derive(Default)]
pub struct Column {
    empty: u64,
    texts: u64,
    number_count: u64,
    numbers: Numbers,
    first: Option<String>,
    last: Option<String>,
    counts: HashMap<String, u64>,
    distinct_more: bool,
}

/// The number that a field holds, if it holds one.
pub fn number(field: &[u8]) -> Option<f64> {
    let value: f64 = std::str::from_utf8(field).ok()?.trim().parse().ok()?;
    value.is_finite().then_some(value)
}

impl Column {
    pub fn add(&mut self, field: &[u8]) {
        let text = String::from_utf8_lossy(field);
        let text = shortened(text.trim());
        if text.is_empty() {
            self.empty += 1;
            return;
        }
        self.count_value(text);
        if let Some(value) = number(field) {
            self.number_count += 1;
            self.numbers.add(value);
        } else {
            self.texts += 1;
            if self.first.as_deref().is_none_or(|first| text < first) {
                self.first = Some(text.to_owned());
            }
            if self.last.as_deref().is_none_or(|last| text > last) {
                self.last = Some(text.to_owned());
            }
        }
    }

    fn count_value(&mut self, text: &str) {
        if self.distinct_more {
            return;
        }
        if let Some(count) = self.counts.get_mut(text) {
            *count += 1;
        } else if self.counts.len() < DISTINCT_MAX {
            self.counts.insert(text.to_owned(), 1);
        } else {
            self.distinct_more = true;
            self.counts = HashMap::new();
        }
    }

    pub fn report(self, name: String, percentiles: &[f64], money: Option<&Settings>) -> ColumnReport {
        let kind = match (self.number_count, self.texts) {
            (0, 0) => Kind::Empty,
            (_, 0) => Kind::Number,
            (0, _) => Kind::Text,
            _ => Kind::Mixed,
        };
        ColumnReport {
            name,
            kind,
            count: self.number_count + self.texts,
            empty: self.empty,
            distinct: if self.distinct_more { DISTINCT_MAX } else { self.counts.len() },
            distinct_more: self.distinct_more,
            first: self.first,
            last: self.last,
            top: if self.texts > 0 { top(self.counts) } else { Vec::new() },
            numbers: self.numbers.statistics(percentiles, money),
        }
    }
}

/// The most frequent values that come more than once.
fn top(counts: HashMap<String, u64>) -> Vec<Top> {
    let mut all: Vec<_> = counts
        .into_iter()
        .filter(|(_, count)| *count > 1)
        .map(|(value, count)| Top { value, count })
        .collect();
    all.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
    all.truncate(TOP_LEN);
    all
}

fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(VALUE_LEN_MAX)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report<T: AsRef<str>>(fields: impl IntoIterator<Item = T>) -> ColumnReport {
        let mut column = Column::default();
        fields.into_iter().for_each(|field| column.add(field.as_ref().as_bytes()));
        column.report("c".to_owned(), &[50.0], None)
    }

    #[test]
    fn kinds_are_told_apart() {
        for (fields, kind) in [
            (&["1", " 2.5 ", "-3e2", ""][..], Kind::Number),
            (&["1", "two"], Kind::Mixed),
            (&["inf", "NaN", "1,5"], Kind::Text),
            (&["", "  "], Kind::Empty),
        ] {
            assert_eq!(report(fields).kind, kind, "{fields:?}");
        }
    }

    #[test]
    fn texts_are_counted_and_ordered() {
        let found = report(["b", "a", "b", "", "c", "c", "c"]);
        assert_eq!((found.count, found.empty, found.distinct), (6, 1, 3));
        assert_eq!((found.first.as_deref(), found.last.as_deref()), (Some("a"), Some("c")));
        let counts: Vec<_> = found.top.iter().map(|top| (top.value.as_str(), top.count)).collect();
        assert_eq!(counts, [("c", 3), ("b", 2)]);
    }

    #[test]
    fn too_many_distinct_values_are_not_kept() {
        let found = report((0..=DISTINCT_MAX).map(|n| format!("v{n}")));
        assert_eq!((found.distinct, found.distinct_more, found.top.len()), (DISTINCT_MAX, true, 0));
        let long = report([format!("{}é", "x".repeat(VALUE_LEN_MAX - 1))]);
        assert_eq!(long.first.unwrap().len(), VALUE_LEN_MAX - 1);
    }
}
