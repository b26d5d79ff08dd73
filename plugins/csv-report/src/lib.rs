//! Statistics over CSV files: the tools.

mod column;
mod group;
mod numbers;
mod report;
mod settings;
mod table;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use settings::Settings;
use skep::{Error, context};
use table::Table;

skep::skill!(columns, report);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Columns {
    /// The file, as in /data/orders.csv
    path: String,
    #[serde(default = "rows_usual")]
    #[schemars(range(max = 100))]
    rows: usize,
    /// One character or `tab`; else as configured
    delimiter: Option<String>,
}

fn rows_usual() -> usize {
    5
}

#[derive(Serialize, JsonSchema)]
struct Preview {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    /// Size of the file
    bytes: u64,
}

/// The columns of a CSV file and its first rows.
#[skep::tool]
fn columns(request: Columns) -> Result<Preview, Error> {
    let settings = Settings::of_host()?;
    let mut table = Table::open(&request.path, settings.delimiter(request.delimiter.as_deref())?)?;
    let rows = table.first_rows(request.rows)?;
    Ok(Preview { columns: table.columns, rows, bytes: table.bytes })
}

/// Statistics for each column of a CSV file and, with `group_by`, for each group of rows.
#[skep::tool]
fn report(request: report::Request) -> Result<report::Report, Error> {
    let settings = Settings::of_host()?;
    let table = Table::open(&request.path, settings.delimiter(request.delimiter.as_deref())?)?;
    report::make(table, &request, &settings, |done, total| {
        context::progress(done, total, "bytes read");
        !context::cancelled()
    })
}
