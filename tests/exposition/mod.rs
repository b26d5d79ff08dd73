//! A strict reader of OpenMetrics text: what Prometheus would forgive is refused here too.

use std::collections::{BTreeMap, BTreeSet};

/// What an exposition says: the type of each family, and the value of each series as it is written.
#[derive(Debug)]
pub struct Exposition {
    pub families: BTreeMap<String, String>,
    pub samples: BTreeMap<String, f64>,
}

/// The suffixes that samples of a type have.
fn suffixes(kind: &str) -> &'static [&'static str] {
    match kind {
        "counter" => &["_total"],
        "gauge" => &[""],
        "histogram" => &["_bucket", "_count", "_sum"],
        "info" => &["_info"],
        other => panic!("type {other}"),
    }
}

impl Exposition {
    /// Reads all of it, or says which line is wrong.
    pub fn read(text: &str) -> Self {
        let body = text.strip_suffix("# EOF\n").expect("the end is marked");
        let mut read = Self { families: BTreeMap::new(), samples: BTreeMap::new() };
        let mut current = None;
        for line in body.lines() {
            if let Some(about) = line.strip_prefix("# ") {
                let (word, rest) = about.split_once(' ').expect(line);
                let (name, said) = rest.split_once(' ').expect(line);
                assert!(is_name(name) && !said.is_empty(), "{line}");
                match word {
                    "TYPE" => {
                        assert!(read.families.insert(name.to_owned(), said.to_owned()).is_none(), "{line}");
                        current = Some((name.to_owned(), said.to_owned()));
                    }
                    "HELP" | "UNIT" => {}
                    _ => panic!("{line}"),
                }
                continue;
            }
            let (series, value) = line.rsplit_once(' ').expect(line);
            let name = series_name(series);
            let (family, kind) = current.as_ref().expect(line);
            let suffix = name.strip_prefix(family.as_str()).expect(line);
            assert!(suffixes(kind).contains(&suffix), "{line} in a {kind}");
            let value = value.parse().unwrap_or_else(|_| panic!("{line}"));
            assert!(read.samples.insert(series.to_owned(), value).is_none(), "twice: {line}");
        }
        read.check_histograms();
        read
    }

    /// The names that queries may use.
    pub fn names(&self) -> BTreeSet<String> {
        let of = |(name, kind): (&String, &String)| -> Vec<String> {
            suffixes(kind).iter().map(|suffix| format!("{name}{suffix}")).collect()
        };
        self.families.iter().flat_map(of).collect()
    }

    /// The sum of all series of a name whose labels hold all of `labels`.
    pub fn sum(&self, name: &str, labels: &[&str]) -> f64 {
        let fits = |series: &str| series_name(series) == name && labels.iter().all(|l| series.contains(l));
        self.samples.iter().filter(|(series, _)| fits(series)).map(|(_, value)| value).sum()
    }

    /// Buckets only grow, and the last one holds all.
    fn check_histograms(&self) {
        for name in self.families.iter().filter(|(_, kind)| *kind == "histogram").map(|(name, _)| name) {
            let mut series: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
            let bucket = format!("{name}_bucket{{le=\"");
            for (sample, value) in &self.samples {
                let Some(rest) = sample.strip_prefix(&bucket) else { continue };
                let (bound, labels) = rest.split_once('"').expect(sample);
                let labels = labels.trim_start_matches(',').trim_end_matches('}').to_owned();
                let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().expect(sample) };
                series.entry(labels).or_default().push((bound, *value));
            }
            for (labels, mut buckets) in series {
                buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
                assert!(buckets.windows(2).all(|pair| pair[0].1 <= pair[1].1), "{name} {labels}");
                let labelled = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
                let count = self.samples[&format!("{name}_count{labelled}")];
                assert_eq!(buckets.last(), Some(&(f64::INFINITY, count)), "{name} {labels}");
            }
        }
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// The name of a series; its labels must be well formed and each there once.
fn series_name(series: &str) -> &str {
    let Some((name, labels)) = series.split_once('{') else {
        assert!(is_name(series), "{series}");
        return series;
    };
    let mut rest = labels.strip_suffix('}').expect(series);
    let mut seen = BTreeSet::new();
    while !rest.is_empty() {
        let (label, behind) = rest.split_once("=\"").expect(series);
        assert!(is_name(label) && seen.insert(label), "{series}");
        let end = behind.find('"').expect(series);
        assert!(!behind[..end].contains(['\\', '\n']), "no value here needs escapes: {series}");
        rest = &behind[end + 1..];
        assert!(rest.is_empty() || rest.starts_with(','), "{series}");
        rest = rest.trim_start_matches(',');
    }
    assert!(is_name(name), "{series}");
    name
}
