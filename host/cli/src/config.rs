//! The configuration file, `skep.toml`: every mistake in it is reported at once.

use serde::de::DeserializeOwned;
use skep_api::{Issuer, Profile};
use skep_core::{BreakerRules, Ratio};
use skep_router::{JobBounds, Quotas};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use toml::{Table, Value};

/// What the file says; what it leaves out is `None` or empty.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Config {
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) hosts: Vec<String>,
    pub(crate) origins: Vec<String>,
    pub(crate) redis: Option<String>,
    pub(crate) mysql: Option<String>,
    pub(crate) watch: Option<PathBuf>,
    pub(crate) slots: Option<u32>,
    pub(crate) sessions: Option<u32>,
    pub(crate) key_file: Option<PathBuf>,
    pub(crate) log: Option<String>,
    pub(crate) otlp: Option<String>,
    pub(crate) trace_ratio: Option<Ratio>,
    pub(crate) domains: Vec<String>,
    pub(crate) issuers: Vec<Issuer>,
    pub(crate) profiles: BTreeMap<String, Profile>,
    pub(crate) quotas: Quotas,
    pub(crate) jobs: JobBounds,
    pub(crate) breaker: BreakerRules,
}

/// Reads a configuration; on failure a line for each mistake.
pub(crate) fn parse(text: &str) -> Result<Config, Vec<String>> {
    let mut table: Table = text.parse().map_err(|e: toml::de::Error| vec![e.to_string()])?;
    let mut mistakes = Vec::new();
    let mut take = Take { table: &mut table, mistakes: &mut mistakes };
    let config = Config {
        listen: take.parsed("listen", "an address with a port, as in \"127.0.0.1:7700\""),
        hosts: take.texts("hosts"),
        origins: take.texts("origins"),
        redis: take.text("redis"),
        mysql: take.text("mysql"),
        watch: take.text("watch").map(PathBuf::from),
        slots: take.whole("slots"),
        sessions: take.whole("sessions"),
        key_file: take.text("key_file").map(PathBuf::from),
        log: take.text("log"),
        otlp: take.text("otlp"),
        trace_ratio: take.ratio("trace_ratio"),
        domains: take.texts("domains"),
        issuers: take.tables("issuers"),
        profiles: take.named("profiles"),
        quotas: take.table("quota"),
        jobs: take.table("jobs"),
        breaker: take.table("breaker"),
    };
    mistakes.extend(table.keys().map(|key| format!("`{key}` is unknown")));
    if mistakes.is_empty() { Ok(config) } else { Err(mistakes) }
}

/// Takes values out of the table, so that what is left is unknown, and notes mistakes.
struct Take<'a> {
    table: &'a mut Table,
    mistakes: &'a mut Vec<String>,
}

impl Take<'_> {
    fn mistake<T>(&mut self, key: &str, expected: &str) -> Option<T> {
        self.mistakes.push(format!("`{key}` must be {expected}"));
        None
    }

    fn text(&mut self, key: &str) -> Option<String> {
        match self.table.remove(key)? {
            Value::String(text) => Some(text),
            _ => self.mistake(key, "a text"),
        }
    }

    fn parsed<T: std::str::FromStr>(&mut self, key: &str, expected: &str) -> Option<T> {
        match self.table.remove(key)?.as_str().map(str::parse) {
            Some(Ok(value)) => Some(value),
            _ => self.mistake(key, expected),
        }
    }

    fn whole(&mut self, key: &str) -> Option<u32> {
        let whole = self.table.remove(key)?.as_integer().and_then(|n| u32::try_from(n).ok());
        whole.filter(|n| *n > 0).or_else(|| self.mistake(key, "a whole number above 0"))
    }

    fn ratio(&mut self, key: &str) -> Option<Ratio> {
        let ratio = self.table.remove(key)?.to_string().parse().ok();
        ratio.or_else(|| self.mistake(key, "a number from 0 to 1"))
    }

    fn texts(&mut self, key: &str) -> Vec<String> {
        let Some(value) = self.table.remove(key) else { return Vec::new() };
        let texts = value.as_array().map(|a| a.iter().map(|v| v.as_str().map(str::to_owned)).collect());
        texts.flatten().or_else(|| self.mistake(key, "a list of texts")).unwrap_or_default()
    }

    /// A table that says itself what it takes.
    fn table<T: DeserializeOwned + Default>(&mut self, key: &str) -> T {
        let table = self.table.remove(key);
        table.and_then(|table| self.read(&format!("`{key}`"), table)).unwrap_or_default()
    }

    /// Tables that say themselves what they take: `[[key]]`.
    fn tables<T: DeserializeOwned>(&mut self, key: &str) -> Vec<T> {
        let tables = match self.table.remove(key) {
            None => Vec::new(),
            Some(Value::Array(tables)) => tables,
            Some(_) => self.mistake(key, "written as `[[...]]`").unwrap_or_default(),
        };
        let numbered = tables.into_iter().enumerate();
        numbered.filter_map(|(at, table)| self.read(&format!("`{key}`, number {}", at + 1), table)).collect()
    }

    /// The same by name: `[key.NAME]`.
    fn named<T: DeserializeOwned>(&mut self, key: &str) -> BTreeMap<String, T> {
        let tables = match self.table.remove(key) {
            None => Table::new(),
            Some(Value::Table(tables)) => tables,
            Some(_) => self.mistake(key, "tables with a name each").unwrap_or_default(),
        };
        let read = |(name, table): (String, Value)| {
            let read = self.read(&format!("`{key}.{name}`"), table)?;
            Some((name, read))
        };
        tables.into_iter().filter_map(read).collect()
    }

    fn read<T: DeserializeOwned>(&mut self, place: &str, table: Value) -> Option<T> {
        let read = table.try_into();
        read.map_err(|error: toml::de::Error| self.mistakes.push(format!("{place}: {}", error.message())))
            .ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_reported() {
        let mistakes =
            parse("slots = 0\nlisten = \"here\"\nhosts = [1]\ncolour = \"red\"\nredis = 7\ntrace_ratio = 2")
                .unwrap_err();
        for word in ["slots", "listen", "hosts", "colour", "redis", "trace_ratio"] {
            assert!(mistakes.iter().any(|m| m.contains(word)), "{word}: {mistakes:?}");
        }
        assert_eq!(mistakes.len(), 6);
    }

    #[test]
    fn issuers_read_and_their_mistakes_are_reported() {
        let issuer = "[[issuers]]\nname = \"corp\"\nissuer = \"https://id.example\"\naudience = \"skep\"\n\
            jwks = \"/etc/skep/jwks.json\"\n";
        let config = parse(&format!("{issuer}role = \"auditor\"")).unwrap();
        assert_eq!((config.issuers.len(), config.issuers[0].algorithms.len()), (1, 3));
        let both = format!("{issuer}algorithms = [\"HS256\"]\n{issuer}colour = \"red\"");
        let mistakes = parse(&both).unwrap_err();
        for (word, mistake) in ["HS256", "colour"].iter().zip(&mistakes) {
            assert!(mistake.contains(word), "{word}: {mistakes:?}");
        }
        assert_eq!(mistakes.len(), 2);
    }

    #[test]
    fn quotas_read_and_their_mistakes_are_reported() {
        let text = "[quota.principal]\nrate = \"100/s\"\nconcurrency = 8\n[quota.domain]\nconcurrency = 500\n\
            [quota.domains.reports]\nrate = \"600/m\"";
        let quotas = parse(text).unwrap().quotas;
        let told = [quotas.principal, quotas.domain, quotas.domains[&"reports".parse().unwrap()]];
        assert_eq!(told.map(|quota| quota.to_string()), ["100/s, 8 at once", "500 at once", "600/m"]);
        for (bad, says) in [
            ("[quota.principal]\nrate = \"100/d\"", "100/d"),
            ("[quota.principal]\nconcurrency = 0", "nonzero"),
            ("[quota.domain]\ncolour = \"red\"", "colour"),
            ("[quota.domains.Reports]", "Reports"),
            ("[quota]\nrate = \"1/s\"", "rate"),
            ("quota = 7", "quota"),
        ] {
            let mistakes = parse(bad).unwrap_err();
            assert!(mistakes.len() == 1 && mistakes[0].contains(says), "{bad}: {mistakes:?}");
        }
    }

    #[test]
    fn breakers_read_and_their_mistakes_are_reported_with_the_others() {
        let rules = parse("[breaker]\nfailures = 3\npause = \"2s\"").unwrap().breaker;
        assert_eq!((rules.failures(), rules.pause_ms(), rules.pause_max_ms()), (3, 2000, 60_000));
        assert!(parse("[breaker]\nfailures = 0").unwrap().breaker.are_off());
        let mistakes = parse("slots = 0\n[breaker]\npause = \"5m\"").unwrap_err();
        assert!(mistakes[0].contains("slots") && mistakes[1].contains("`pause` of 5m"), "{mistakes:?}");
    }

    #[test]
    fn a_whole_file_reads() {
        let config = parse("slots = 4\nlisten = \"127.0.0.1:7700\"\nhosts = [\"skep.example\"]").unwrap();
        assert_eq!((config.slots, config.hosts.len()), (Some(4), 1));
        assert_eq!(parse("").unwrap(), Config::default());
        let text = "[profiles.reader]\nskills = [\"jq\"]\ntools = [\"files/read\"]";
        assert_eq!(parse(text).unwrap().profiles.len(), 1);
    }

    #[test]
    fn mistakes_in_profiles_are_named() {
        for (text, says) in [
            ("profiles = 1", "with a name each"),
            ("[profiles]\nreader = 1", "profiles.reader"),
            ("[profiles.reader]\ntool = []", "unknown field `tool`"),
            ("[profiles.reader]\ntools = [\"read\"]", "SKILL/TOOL"),
        ] {
            let mistakes = parse(text).unwrap_err();
            assert!(mistakes.iter().any(|m| m.contains(says)), "{text}: {mistakes:?}");
        }
    }
}
