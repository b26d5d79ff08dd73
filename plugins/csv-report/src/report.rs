//! The report: one pass over the table.

use std::io::Read;

use csv::ByteRecord;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use skep::Error;

use crate::{
    column::{Column, ColumnReport},
    group::{GroupReport, Groups, Place},
    settings::Settings,
    table::Table,
};

const GROUPS_USUAL: usize = 50;
/// Bytes between two reports of progress, and two looks at whether the caller still waits.
const PROGRESS_STEP: u64 = 256 << 10;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The file, as in /data/orders.csv
    pub path: String,
    /// One character or `tab`; else as configured
    pub delimiter: Option<String>,
    /// Only these; all if left out
    #[serde(default)]
    columns: Vec<String>,
    #[serde(default = "percentiles_usual")]
    #[schemars(length(max = 20), inner(range(min = 0, max = 100)))]
    percentiles: Vec<f64>,
    #[serde(default)]
    #[schemars(length(max = 4))]
    group_by: Vec<String>,
    /// The columns to sum up in each group
    #[serde(default)]
    #[schemars(length(max = 10))]
    of: Vec<String>,
    #[serde(default = "groups_usual")]
    #[schemars(range(min = 1, max = 1000))]
    groups_max: usize,
    /// Columns that are amounts of money in the configured currency
    #[serde(default)]
    money: Vec<String>,
}

fn percentiles_usual() -> Vec<f64> {
    vec![25.0, 50.0, 75.0, 95.0]
}

fn groups_usual() -> usize {
    GROUPS_USUAL
}

#[derive(Serialize, JsonSchema)]
pub struct Report {
    rows: u64,
    columns: Vec<ColumnReport>,
    groups: Vec<GroupReport>,
    /// Groups that are not shown
    groups_left_out: usize,
    /// Rows in groups past the first 1000
    rows_left_out: u64,
}

/// Reads the table once. `progress` hears of bytes done and in all, and says whether to go on.
pub fn make<R: Read>(
    mut table: Table<R>,
    request: &Request,
    settings: &Settings,
    progress: impl Fn(u64, u64) -> bool,
) -> Result<Report, Error> {
    let wanted = if request.columns.is_empty() { &table.columns } else { &request.columns };
    let places = places(&table, wanted)?;
    let mut columns: Vec<_> = places.into_iter().map(|place| (place, Column::default())).collect();
    let mut groups = groups(&table, request)?;
    for name in &request.money {
        table.column(name)?;
    }

    let (mut rows, mut reported) = (0, 0);
    let mut row = ByteRecord::new();
    while table.next(&mut row)? {
        rows += 1;
        for ((_, at), column) in &mut columns {
            column.add(&row[*at]);
        }
        groups.add(&row);
        if table.position() >= reported + PROGRESS_STEP {
            reported = table.position();
            if !progress(reported, table.bytes) {
                return Err(Error::Failed(format!("stopped after {rows} rows: the call was cancelled")));
            }
        }
    }
    progress(table.bytes, table.bytes);

    let money = |name: &str| request.money.iter().any(|column| column == name).then_some(settings);
    let columns = (columns.into_iter())
        .map(|((name, _), column)| {
            let money = money(&name);
            column.report(name, &request.percentiles, money)
        })
        .collect();
    let rows_left_out = groups.rows_left_out;
    let (groups, groups_left_out) = groups.report(request.groups_max, money);
    Ok(Report { rows, columns, groups, groups_left_out, rows_left_out })
}

fn groups<R: Read>(table: &Table<R>, request: &Request) -> Result<Groups, Error> {
    if request.group_by.is_empty() && !request.of.is_empty() {
        return Err(Error::InvalidInput("of: needs `group_by`, the columns to group by".to_owned()));
    }
    Ok(Groups::new(places(table, &request.group_by)?, places(table, &request.of)?))
}

fn places<R: Read>(table: &Table<R>, names: &[String]) -> Result<Vec<Place>, Error> {
    names.iter().map(|name| Ok((name.clone(), table.column(name)?))).collect()
}

#[cfg(test)]
mod tests;
