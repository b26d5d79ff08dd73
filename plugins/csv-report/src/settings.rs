//! The configuration, and what it decides.

use skep::{Error, config};

const CURRENCY_USUAL: &str = "EUR";
const DELIMITER_USUAL: &str = ",";
/// Currencies without cents.
const WHOLE_CURRENCIES: [&str; 8] = ["CLP", "HUF", "ISK", "JPY", "KRW", "PYG", "UGX", "VND"];

pub struct Settings {
    pub currency: String,
    delimiter: String,
}

impl Settings {
    /// What the operator configured, else the usual.
    pub fn of_host() -> Result<Self, Error> {
        Ok(Self {
            currency: config::get("currency")?.unwrap_or_else(|| CURRENCY_USUAL.to_owned()),
            delimiter: config::get("delimiter")?.unwrap_or_else(|| DELIMITER_USUAL.to_owned()),
        })
    }

    /// The delimiter asked for, else the configured one: one ASCII character or `tab`.
    pub fn delimiter(&self, asked: Option<&str>) -> Result<u8, Error> {
        match asked.unwrap_or(&self.delimiter) {
            "tab" => Ok(b'\t'),
            one if one.len() == 1 && !"\"\r\n".contains(one) => Ok(one.as_bytes()[0]),
            other => {
                Err(Error::InvalidInput(format!("delimiter: `{other}` is not one ASCII character or `tab`")))
            }
        }
    }

    /// An amount, rounded to what the currency has.
    pub fn round(&self, amount: f64) -> f64 {
        let parts = if WHOLE_CURRENCIES.contains(&self.currency.as_str()) { 1.0 } else { 100.0 };
        (amount * parts).round() / parts
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn usual() -> Settings {
        Settings { currency: CURRENCY_USUAL.to_owned(), delimiter: DELIMITER_USUAL.to_owned() }
    }

    #[test]
    fn delimiters() {
        let settings = Settings { delimiter: ";".to_owned(), ..usual() };
        assert_eq!(settings.delimiter(None).unwrap(), b';');
        assert_eq!(settings.delimiter(Some("tab")).unwrap(), b'\t');
        for bad in ["", "||", "é", "\n", "\""] {
            assert!(settings.delimiter(Some(bad)).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn amounts_have_the_currency_s_decimals() {
        assert_eq!(usual().round(2.345_001), 2.35);
        assert_eq!(Settings { currency: "JPY".to_owned(), ..usual() }.round(2.5), 3.0);
    }
}
