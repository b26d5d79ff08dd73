//! Where a store is: `sqlite:PATH` or `mysql://…`.

use std::{fmt, path::PathBuf, str::FromStr};

/// Where a store is. The text forms leave out user and password.
#[derive(Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// A file of this host's own.
    Sqlite(PathBuf),
    /// A MySQL or MariaDB database that hosts share: `mysql://USER:PASSWORD@HOST:PORT/DATABASE`.
    Mysql(String),
}

/// A text that names no store. It doesn't repeat the text, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreUrlError {
    /// Neither form.
    #[error("no store address: write sqlite:PATH or mysql://USER:PASSWORD@HOST:PORT/DATABASE")]
    Form,
    /// The MySQL driver doesn't understand it.
    #[error("no MySQL address: {0}")]
    Mysql(String),
    /// A MySQL server alone is no store.
    #[error("the MySQL address names no database: end it with /DATABASE")]
    Database,
}

impl FromStr for StoreUrl {
    type Err = StoreUrlError;
    fn from_str(text: &str) -> Result<Self, StoreUrlError> {
        match text.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(PathBuf::from(path))),
            Some(("mysql", _)) => {
                let opts = mysql_async::Opts::from_url(text);
                let opts = opts.map_err(|error| StoreUrlError::Mysql(error.to_string()))?;
                opts.db_name().filter(|name| !name.is_empty()).ok_or(StoreUrlError::Database)?;
                Ok(Self::Mysql(text.to_owned()))
            }
            _ => Err(StoreUrlError::Form),
        }
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Mysql(url) => match mysql_async::Opts::from_url(url) {
                Ok(opts) => {
                    let database = opts.db_name().unwrap_or_default();
                    write!(f, "mysql://{}:{}/{database}", opts.ip_or_hostname(), opts.tcp_port())
                }
                Err(_) => f.write_str("mysql://?"),
            },
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_forms_hold_no_password() {
        let url: StoreUrl = "mysql://skep:hunter2@db.example:3307/skep?require_ssl=true".parse().unwrap();
        assert_eq!(format!("{url} {url:?}"), "mysql://db.example:3307/skep mysql://db.example:3307/skep");
        let url: StoreUrl = "sqlite:/var/lib/skep/skep.db".parse().unwrap();
        assert_eq!(url, StoreUrl::Sqlite("/var/lib/skep/skep.db".into()));
    }

    #[test]
    fn bad_addresses_are_refused_without_repeating_them() {
        let bad = [
            "",
            "sqlite:",
            "skep.db",
            "postgres://hunter2@h/d",
            "mysql:hunter2",
            "mysql://skep:hunter2@localhost",
            "mysql://skep:hunter2@localhost/",
            "mysql://skep:hunter2@localhost:port/skep",
            "mysql://skep:hunter2@localhost/skep?colour=red",
        ];
        for text in bad {
            let error = text.parse::<StoreUrl>().expect_err(text);
            assert!(!error.to_string().contains("hunter2"), "{text}: {error}");
        }
    }
}
