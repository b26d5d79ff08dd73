//! The database: it answers, is new enough, has this program's schema and takes what it is given.

use super::finding::Finding;
use super::ground::Ground;
use super::key_file;
use crate::host::store_url;
use skep_core::ByteSize;
use skep_store::{Diagnosis, Schema, StoreUrl, diagnose};

/// A version of a skill with its manifest, prompt and inspection comes in one statement.
const PACKET_MIN: ByteSize = ByteSize(16 << 20);
/// The oldest servers that are tested: major and minor.
const MYSQL_MIN: (u64, u64) = (8, 0);
const MARIADB_MIN: (u64, u64) = (10, 11);

pub(super) async fn check(ground: &Ground) -> Vec<Finding> {
    let Ok(settings) = &ground.settings else { return Vec::new() };
    let url = match store_url(settings) {
        Ok(url) => url,
        Err(failure) => return vec![Finding::failed(&failure)],
    };
    match &url {
        StoreUrl::Sqlite(path) if !path.exists() => {
            return vec![Finding::information(format!(
                "{} isn't there yet: a host makes it",
                path.display()
            ))];
        }
        _ => {}
    }
    match diagnose(&url).await {
        Ok(said) => {
            let key = said.newest_record.as_ref().and_then(|newest| key_file::fits(ground, newest));
            judge(&said).into_iter().chain(key).collect()
        }
        Err(error) => {
            let way_out = "start it, or correct its address, user and password: --mysql, SKEP_MYSQL";
            let away = Finding::problem(error.to_string(), way_out);
            vec![if settings.shared.is_some() { away } else { Finding { way_out: None, ..away } }]
        }
    }
}

fn judge(said: &Diagnosis) -> Vec<Finding> {
    let mut findings = vec![version(said), schema(said.schema)];
    if let Some(bytes) = said.packet_bytes_max.map(ByteSize).filter(|bytes| *bytes < PACKET_MIN) {
        findings.push(Finding::problem(
            format!("it takes statements of {bytes} at most (max_allowed_packet): large skills won't fit"),
            format!("SET GLOBAL max_allowed_packet = {}", PACKET_MIN.0),
        ));
    }
    if !said.rights_missing.is_empty() {
        let rights = said.rights_missing.join(", ");
        let found = format!("this user may not {rights}");
        findings.push(Finding::problem(found, format!("GRANT {rights} ON the database TO the user")));
    }
    findings
}

fn version(Diagnosis { server, version, .. }: &Diagnosis) -> Finding {
    let min = match *server {
        "MariaDB" => MARIADB_MIN,
        "MySQL" => MYSQL_MIN,
        _ => (0, 0),
    };
    let mut numbers = version.split(['.', '-']).map_while(|number| number.parse::<u64>().ok());
    let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if found >= min {
        return Finding::ok(format!("{server} {version} answers"));
    }
    Finding::problem(format!("{server} {version} is too old"), format!("{}.{} or later", min.0, min.1))
}

fn schema(schema: Schema) -> Finding {
    match schema {
        Schema::Current => Finding::ok("its schema is this program's"),
        Schema::Missing => Finding::information("it is empty: the first host makes the tables"),
        Schema::Behind(count) => Finding::warning(
            format!("its schema is older than this program, by {count} migrations"),
            "start a host of this version, which makes them; older hosts should stop before",
        ),
        Schema::Ahead => Finding::problem(
            "its schema is newer than this program",
            "install the version that the other hosts have",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    #[test]
    fn servers_are_judged_by_their_kind() {
        let check = |server, text: &str, state| {
            let said = Diagnosis {
                server,
                version: text.to_owned(),
                schema: Schema::Current,
                packet_bytes_max: None,
                rights_missing: Vec::new(),
                newest_record: None,
            };
            assert_eq!(version(&said).state, state, "{server} {text}");
        };
        check("MariaDB", "10.11.6-MariaDB-1", State::Ok);
        check("MariaDB", "11.4.2-MariaDB", State::Ok);
        check("MariaDB", "10.6.16-MariaDB", State::Problem);
        check("MySQL", "8.4.3", State::Ok);
        check("MySQL", "5.7.44-log", State::Problem);
        check("MySQL", "unknown", State::Problem);
        check("SQLite", "3.50.2", State::Ok);
    }
}
