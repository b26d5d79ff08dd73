//! Rows by the values of some columns, and what other columns add up to in each group.

use std::collections::{BTreeMap, HashMap};

use csv::ByteRecord;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    column::number,
    numbers::{Moments, Statistics},
    settings::Settings,
};

const GROUPS_MAX: usize = 1000;
const KEY_LEN_MAX: usize = 256;

#[derive(Serialize, JsonSchema)]
pub struct GroupReport {
    pub key: BTreeMap<String, String>,
    pub rows: u64,
    pub of: BTreeMap<String, Statistics>,
}

/// A column: its name and where it stands.
pub type Place = (String, usize);

pub struct Groups {
    by: Vec<Place>,
    of: Vec<Place>,
    groups: HashMap<Vec<String>, Group>,
    /// Rows of groups past the limit.
    pub rows_left_out: u64,
}

struct Group {
    rows: u64,
    of: Vec<Moments>,
}

impl Groups {
    pub fn new(by: Vec<Place>, of: Vec<Place>) -> Self {
        Self { by, of, groups: HashMap::new(), rows_left_out: 0 }
    }

    pub fn add(&mut self, row: &ByteRecord) {
        if self.by.is_empty() {
            return;
        }
        let key: Vec<_> = self.by.iter().map(|(_, at)| key_part(&row[*at])).collect();
        if self.groups.len() == GROUPS_MAX && !self.groups.contains_key(&key) {
            self.rows_left_out += 1;
            return;
        }
        let empty = || Group { rows: 0, of: self.of.iter().map(|_| Moments::default()).collect() };
        let group = self.groups.entry(key).or_insert_with(empty);
        group.rows += 1;
        for (moments, (_, at)) in group.of.iter_mut().zip(&self.of) {
            if let Some(value) = number(&row[*at]) {
                moments.add(value);
            }
        }
    }

    /// The largest groups, by the sum of the first `of` column or else by rows; and how many are not shown.
    pub fn report<'a>(
        self,
        groups_max: usize,
        money: impl Fn(&str) -> Option<&'a Settings>,
    ) -> (Vec<GroupReport>, usize) {
        let size = |group: &Group| group.of.first().map_or(group.rows as f64, Moments::sum);
        let mut groups: Vec<_> = self.groups.into_iter().collect();
        groups.sort_by(|(a_key, a), (b_key, b)| size(b).total_cmp(&size(a)).then_with(|| a_key.cmp(b_key)));
        let left_out = groups.len().saturating_sub(groups_max);
        groups.truncate(groups_max);
        let names = || self.by.iter().map(|(name, _)| name.clone());
        let report = |(key, group): (Vec<String>, Group)| GroupReport {
            key: names().zip(key).collect(),
            rows: group.rows,
            of: (self.of.iter().zip(group.of))
                .filter_map(|((name, _), moments)| Some((name.clone(), moments.statistics(money(name))?)))
                .collect(),
        };
        (groups.into_iter().map(report).collect(), left_out)
    }
}

fn key_part(field: &[u8]) -> String {
    let text = String::from_utf8_lossy(field);
    let text = text.trim();
    text[..text.floor_char_boundary(KEY_LEN_MAX)].to_owned()
}
