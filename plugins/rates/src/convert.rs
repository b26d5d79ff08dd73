//! `convert`: from one currency to another.

use crate::latest::latest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use skep::Error;
use std::collections::BTreeMap;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Conversion {
    amount: f64,
    /// The currency that it is in, as in EUR
    from: String,
    /// The currency that it shall be in, as in JPY
    to: String,
}

#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct Converted {
    amount: f64,
    /// What one unit of `from` is worth in `to`
    rate: f64,
    /// When the rate was taken, in seconds since 1970
    as_of: u64,
}

/// What the API answers: what a dollar is worth in each currency.
#[derive(Deserialize)]
pub struct Latest {
    pub timestamp: u64,
    pub rates: BTreeMap<String, f64>,
}

/// Converts an amount of money at the latest rate.
#[skep::tool]
pub fn convert(asked: Conversion) -> Result<Converted, Error> {
    converted(&asked, &latest()?)
}

fn converted(asked: &Conversion, latest: &Latest) -> Result<Converted, Error> {
    let worth = |code: &str| {
        let worth = latest.rates.get(&code.to_ascii_uppercase()).copied().filter(|worth| *worth > 0.0);
        worth.ok_or_else(|| {
            Error::InvalidInput(format!("no rate is known for `{code}`: write a code such as EUR"))
        })
    };
    let rate = worth(&asked.to)? / worth(&asked.from)?;
    Ok(Converted { amount: asked.amount * rate, rate, as_of: latest.timestamp })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_go_over_the_dollar() {
        let rates = [("USD".to_owned(), 1.0), ("EUR".to_owned(), 0.5), ("JPY".to_owned(), 150.0)].into();
        let latest = Latest { timestamp: 7, rates };
        let ask = |from: &str, to: &str| {
            converted(&Conversion { amount: 2.0, from: from.into(), to: to.into() }, &latest)
        };
        assert_eq!(ask("eur", "JPY"), Ok(Converted { amount: 600.0, rate: 300.0, as_of: 7 }));
        assert!(ask("EUR", "XXX").unwrap_err().to_string().contains("`XXX`"));
    }
}
