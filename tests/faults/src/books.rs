//! The system's own books, read from its database by a connection that no fault touches.

use anyhow::Context as _;
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Opts};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

/// How often it is looked whether all is over.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// One step of a job's life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its number.
    pub seq: u64,
    /// When, in Unix milliseconds.
    pub at: u64,
    /// What.
    pub step: String,
    /// Of which attempt.
    pub attempt: u64,
    /// More about it.
    pub detail: String,
}

/// A job as the database has it.
#[derive(Debug, Clone)]
pub struct Job {
    /// How it stands.
    pub state: String,
    /// What it came to: the same that REST tells.
    pub outcome: Value,
    /// Its idempotency key.
    pub key: String,
    /// Its life.
    pub steps: Vec<Step>,
}

/// A connection to the database.
pub struct Books(Conn);

impl Books {
    /// Opens the books.
    pub async fn open(url: &str) -> anyhow::Result<Self> {
        Ok(Self(Conn::new(Opts::from_url(url)?).await.context("the books")?))
    }

    /// Waits until no job waits or runs any more; says how many still do once it has taken too long.
    pub async fn settled(&mut self, within: Duration) -> anyhow::Result<u64> {
        let begun = Instant::now();
        loop {
            let sql = "SELECT COUNT(*) FROM jobs WHERE state IN ('waiting', 'running')";
            let open: u64 = self.0.query_first(sql).await?.context("a count")?;
            if open == 0 || begun.elapsed() > within {
                return Ok(open);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// The host that has a job.
    pub async fn host_of(&mut self, id: &str) -> anyhow::Result<Option<String>> {
        let found: Option<Option<String>> =
            self.0.exec_first("SELECT host FROM jobs WHERE id = ?", (id,)).await?;
        Ok(found.flatten())
    }

    /// What the audit tells of jobs: `submit job ID`, and `call job ID, attempt N` of each that was done.
    pub async fn recorded(&mut self) -> anyhow::Result<HashSet<String>> {
        let sql = "SELECT CONCAT(action, ' ', JSON_VALUE(body, '$.detail')) FROM audit \
            WHERE action IN ('submit', 'call') AND fault IS NULL";
        let told: Vec<Option<String>> = self.0.query(sql).await?;
        Ok(told.into_iter().flatten().collect())
    }

    /// All jobs with their lives, by id.
    pub async fn jobs(&mut self) -> anyhow::Result<HashMap<String, Job>> {
        type Row = (String, String, Option<String>, Option<Vec<u8>>);
        let sql = "SELECT id, state, idempotency_key, output FROM jobs";
        let rows: Vec<Row> = self.0.query(sql).await?;
        let mut jobs = HashMap::new();
        for (id, state, key, output) in rows {
            let output: Option<Value> = output.map(|bytes| serde_json::from_slice(&bytes)).transpose()?;
            let outcome = json!({ "state": state, "output": output });
            jobs.insert(id, Job { state, outcome, key: key.unwrap_or_default(), steps: Vec::new() });
        }
        let sql = "SELECT job, seq, at_ms, step, attempt, detail FROM job_events ORDER BY job, seq";
        let steps: Vec<(String, u64, u64, String, u64, String)> = self.0.query(sql).await?;
        for (job, seq, at, step, attempt, detail) in steps {
            let job = jobs.get_mut(&job).with_context(|| format!("events of no job {job}"))?;
            job.steps.push(Step { seq, at, step, attempt, detail });
        }
        Ok(jobs)
    }
}
