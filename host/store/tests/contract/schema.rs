//! The schema: both databases reach the same tables, and migrating again changes nothing.

use crate::ground::{Ground, on_both};
use crate::sample::{calls, domain, echo, name, publish};
use skep_core::{ByteSize, StateChange, StateLimits};
use std::os::unix::fs::PermissionsExt;

on_both! {
    migrations_reach_the_expected_tables,
    migrations_apply_twice_harmlessly,
    opening_again_changes_nothing,
}

/// Every column there is.
const COLUMNS: &[&str] = &[
    "api_keys.created",
    "api_keys.created_by",
    "api_keys.id",
    "api_keys.name",
    "api_keys.proof",
    "api_keys.terms",
    "api_keys.used",
    "audit.action",
    "audit.at_ms",
    "audit.body",
    "audit.call_id",
    "audit.domain",
    "audit.fault",
    "audit.host",
    "audit.id",
    "audit.mac",
    "audit.prev",
    "audit.seq",
    "audit.skill",
    "changes.revision",
    "changes.token",
    "component_parts.component",
    "component_parts.content",
    "component_parts.part",
    "components.bytes",
    "components.digest",
    "domains.created",
    "domains.created_by",
    "domains.name",
    "domains.quota",
    "grant_requests.asked",
    "grant_requests.asked_by",
    "grant_requests.decided",
    "grant_requests.decided_by",
    "grant_requests.digest",
    "grant_requests.domain",
    "grant_requests.expires",
    "grant_requests.grants",
    "grant_requests.id",
    "grant_requests.reason",
    "grant_requests.skill",
    "grant_requests.state",
    "grant_requests.why",
    "job_answers.answer",
    "job_answers.job",
    "job_answers.name",
    "job_events.at_ms",
    "job_events.attempt",
    "job_events.detail",
    "job_events.job",
    "job_events.seq",
    "job_events.step",
    "job_hosts.beats",
    "job_hosts.host",
    "job_queues.domain",
    "job_queues.skill",
    "job_queues.waiting",
    "job_retries.attempt",
    "job_retries.job",
    "jobs.accepted",
    "jobs.attempt",
    "jobs.cancelling",
    "jobs.domain",
    "jobs.due",
    "jobs.ended",
    "jobs.events",
    "jobs.expires",
    "jobs.failures",
    "jobs.fault",
    "jobs.fence",
    "jobs.host",
    "jobs.id",
    "jobs.idempotency_key",
    "jobs.input",
    "jobs.interruptions",
    "jobs.lane",
    "jobs.output",
    "jobs.owner",
    "jobs.skill",
    "jobs.state",
    "jobs.terms",
    "jobs.tool",
    "jobs.version",
    "jobs.work",
    "refinery_schema_history.applied_on",
    "refinery_schema_history.checksum",
    "refinery_schema_history.name",
    "refinery_schema_history.version",
    "revision.id",
    "revision.value",
    "secrets.created",
    "secrets.domain",
    "secrets.name",
    "secrets.sealed",
    "secrets.set_by",
    "secrets.updated",
    "secrets.version",
    "skills.config",
    "skills.domain",
    "skills.grants",
    "skills.name",
    "skills.revision",
    "state.domain",
    "state.name",
    "state.skill",
    "state.value",
    "state_totals.bytes",
    "state_totals.domain",
    "state_totals.entries",
    "state_totals.skill",
    "versions.component",
    "versions.component_bytes",
    "versions.digest",
    "versions.domain",
    "versions.inspection",
    "versions.manifest",
    "versions.name",
    "versions.prompt",
    "versions.published",
    "versions.state",
    "versions.version",
    "versions.waiting",
];

async fn columns(ground: &Ground) -> Vec<String> {
    let sql = match ground {
        Ground::Sqlite(_) => {
            "SELECT t.name || '.' || c.name FROM sqlite_master t, pragma_table_info(t.name) c \
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%'"
        }
        Ground::Mysql(_) => {
            "SELECT CONCAT(table_name, '.', column_name) FROM information_schema.columns \
             WHERE table_schema = DATABASE()"
        }
    };
    let mut columns = ground.texts(sql).await;
    columns.sort();
    columns
}

async fn history(ground: &Ground) -> Vec<String> {
    ground.texts("SELECT applied_on FROM refinery_schema_history ORDER BY version").await
}

async fn migrations_reach_the_expected_tables(ground: Ground) {
    ground.open().await;
    assert_eq!(columns(&ground).await, COLUMNS);
}

async fn migrations_apply_twice_harmlessly(ground: Ground) {
    let store = ground.open().await;
    store.skill_publish(publish("1.0.0", b"one")).await.unwrap();
    store.audit_append(&calls(3)).await.unwrap();
    let (domain, name) = (domain(), name("echo"));
    let limits = StateLimits { bytes: ByteSize(100), keys: 10 };
    let set = StateChange::Increment(7);
    store.state_change(&domain, &name, "k", &set, limits).await.unwrap();
    let (before, applied) = (echo(&store).await, history(&ground).await);

    let last = format!("DELETE FROM refinery_schema_history WHERE version >= {}", applied.len());
    for forget in [&*last, "DELETE FROM refinery_schema_history"] {
        ground.exec(forget).await;
        let again = ground.open().await;
        assert_eq!(history(&ground).await.len(), applied.len());
        assert_eq!(columns(&ground).await, COLUMNS);
        assert_eq!((echo(&again).await, again.revision().await), (before.clone(), Ok(1)));
        assert_eq!(again.audit_scan(None, 10).await.unwrap().len(), 3);
        assert_eq!(again.state_get(&domain, &name, "k").await, Ok(Some("7".into())));
    }
    // A skill from before there was state gets its own.
    ground.exec("DELETE FROM state_totals").await;
    ground.exec("DELETE FROM refinery_schema_history WHERE version >= 4").await;
    let made = ground.open().await.state_change(&domain, &name, "k", &set, limits).await.unwrap();
    assert_eq!(made.value, Some("7".into()));
}

async fn opening_again_changes_nothing(ground: Ground) {
    let store = ground.open().await;
    let revision = store.skill_publish(publish("1.0.0", b"one")).await.unwrap();
    let applied = history(&ground).await;
    store.close().await;
    let again = ground.open().await;
    assert_eq!((history(&ground).await, again.revision().await), (applied, Ok(revision)));
}

#[tokio::test]
async fn a_new_file_is_its_owners_alone() {
    let ground = Ground::sqlite();
    let store = ground.open().await;
    store.skill_publish(publish("1.0.0", b"one")).await.unwrap();
    let Ground::Sqlite(directory) = &ground else { unreachable!() };
    let files: Vec<_> = directory.path().read_dir().unwrap().map(Result::unwrap).collect();
    assert!(files.len() >= 2, "the log stands beside the database");
    for file in files {
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file:?}");
    }
}
