//! What an operator chooses: where traces go, and how many.

use crate::settings::parsed;
use reqwest::Url;
use skep_core::Ratio;

/// Without a collector nothing is traced; with one, everything, unless it is said how much.
pub(crate) fn traced(
    otlp: Option<&str>,
    env: Option<String>,
    file: Option<Ratio>,
    mistakes: &mut Vec<String>,
) -> Ratio {
    let Some(url) = otlp else { return Ratio::NONE };
    if !is_collector(url) {
        // Not shown: it may hold a password.
        mistakes.push(
            "--otlp must be the address of a collector, as in http://127.0.0.1:4318, without a password: \
             what it wants to see goes into OTEL_EXPORTER_OTLP_HEADERS"
                .to_owned(),
        );
    }
    match env {
        Some(text) => parsed(&text, "SKEP_TRACE_RATIO", "a number from 0 to 1", mistakes),
        None => file,
    }
    .unwrap_or(Ratio::ALL)
}

/// Whether spans can be sent below this address.
fn is_collector(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| {
        let bare = url.username().is_empty() && url.password().is_none();
        let ends = url.query().is_none() && url.fragment().is_none();
        matches!(url.scheme(), "http" | "https") && url.has_host() && bare && ends
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collectors_have_an_address_and_nothing_secret_in_it() {
        for url in ["http://127.0.0.1:4318", "https://otel.example.com/tenant/", "http://[::1]:4318"] {
            let mut mistakes = Vec::new();
            assert_eq!(traced(Some(url), None, None, &mut mistakes), Ratio::ALL, "{url}");
            assert_eq!(mistakes, Vec::<String>::new(), "{url}");
        }
        let none: [&str; 7] = [
            "",
            "4318",
            "grpc://h:4317",
            "http://",
            "http://h:x",
            "http://me:hunter2@h",
            "http://h/?k=hunter2",
        ];
        for url in none {
            let mut mistakes = Vec::new();
            traced(Some(url), None, None, &mut mistakes);
            assert!(
                matches!(&mistakes[..], [one] if one.contains("--otlp") && !one.contains("hunter2")),
                "{url}"
            );
        }
    }

    #[test]
    fn nothing_is_traced_without_a_collector_and_a_share_where_one_is_named() {
        let ratio = |otlp, env: Option<&str>| {
            let mut mistakes = Vec::new();
            let share = traced(otlp, env.map(str::to_owned), "0.5".parse().ok(), &mut mistakes);
            (share, mistakes.len())
        };
        let there = Some("http://127.0.0.1:4318");
        assert_eq!(ratio(None, Some("1")), (Ratio::NONE, 0));
        assert_eq!(ratio(there, None), ("0.5".parse().unwrap(), 0));
        assert_eq!(ratio(there, Some("0.25")), ("0.25".parse().unwrap(), 0));
        assert_eq!(ratio(there, Some("2")).1, 1);
    }
}
