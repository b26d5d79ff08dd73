//! Jobs: accepted once, taken by one host at a time, ended by whoever took them last.
//! Each skill's queue has a row, which is the lock of all its jobs: take it first of all in a transaction.

mod answers;
mod claim;
mod close;
mod create;
mod damage;
mod end;
mod events;
mod forget;
mod govern;
mod hosts;
mod queue;

pub use answers::{JOB_ANSWER_NAME_BYTES_MAX, JobAnswers};
pub use claim::Wanted;
pub use create::JobRoom;
pub use end::Ending;
pub use events::JOB_EVENTS_PAGE_MAX;
pub use queue::{Queue, QueueDue};

use crate::db::{DbError, Row, Value, text};
use crate::{Store, StoreError};
use bytes::Bytes;
use skep_core::{
    Digest, DomainName, Fault, Job, JobId, JobState, Lane, Principal, SkillName, Target, UnixMs,
};

/// Jobs that one listing brings at most.
pub const JOBS_PAGE_MAX: u64 = 1_000;
/// Jobs that can't be read and that one listing passes over at most.
const UNREAD_MAX: usize = 10_000;
/// Jobs that one transaction changes at most.
pub const JOBS_BATCH_MAX: usize = 256;
/// Bytes of input or output that one statement carries at most, one job's apart.
pub(crate) const BATCH_BYTES_MAX: usize = 4 << 20;
/// Largest input or output.
pub const JOB_BYTES_MAX: usize = 8 << 20;

/// What to list; what isn't set doesn't matter.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    /// Only of this skill.
    pub skill: Option<SkillName>,
    /// Only in this state.
    pub state: Option<JobState>,
    /// Only what this principal asked for.
    pub owner: Option<Principal>,
    /// Only older ones than this.
    pub before: Option<JobId>,
    /// At most so many; [`JOBS_PAGE_MAX`] if not set or higher.
    pub limit: Option<u64>,
}

macro_rules! columns {
    ($output:literal) => {
        concat!(
            "id, domain, skill, version, tool, lane, state, accepted, due, expires, attempt, \
             COALESCE((SELECT attempt FROM job_retries WHERE job = jobs.id), 0), fence, failures, interruptions, \
             host, cancelling, ended, idempotency_key, terms, ",
            $output,
            ", fault"
        )
    };
}
/// All of a job.
const WHOLE: &str = columns!("output");
/// All of a job but its output, which may be large: for whoever looks at many, or at how one stands.
const STANDING: &str = columns!("NULL");

impl Store {
    /// One job of a domain.
    pub async fn job_load(&self, domain: &DomainName, id: JobId) -> Result<Option<Job>, StoreError> {
        let sql = format!("SELECT {WHOLE} FROM jobs WHERE domain = ? AND id = ?");
        let rows = self.db.query(&sql, vec![text(domain), text(id)]).await?;
        Ok(rows.into_iter().next().map(|mut row| read(&mut row)).transpose()?)
    }

    /// Jobs of a domain without their outputs, the newest first. What can't be read is passed over, and the page is
    /// full nonetheless unless it is the last one.
    pub async fn job_list(&self, domain: &DomainName, filter: &JobFilter) -> Result<Vec<Job>, StoreError> {
        let limit = filter.limit.unwrap_or(JOBS_PAGE_MAX).min(JOBS_PAGE_MAX) as usize;
        let (mut found, mut unread, mut before) = (Vec::new(), 0, filter.before.map(text));
        loop {
            let most = (limit - found.len()).max(unread).min(JOBS_PAGE_MAX as usize);
            let rows = self.job_rows(domain, filter, before.clone(), most).await?;
            let is_last = rows.len() < most;
            for mut row in rows {
                let id = row.text()?;
                match damage::legible(&id, read(&mut row))? {
                    Some(job) => found.push(job),
                    None => unread += 1,
                }
                before = Some(id.into());
            }
            if is_last || found.len() >= limit {
                found.truncate(limit);
                return Ok(found);
            }
            if unread > UNREAD_MAX {
                let reason = format!("of the jobs of domain `{domain}` more than {UNREAD_MAX} can't be read");
                return Err(StoreError::Corrupt(reason));
            }
        }
    }

    /// Rows of what a listing is to bring, each with its id before it.
    async fn job_rows(
        &self,
        domain: &DomainName,
        filter: &JobFilter,
        before: Option<Value>,
        most: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let set = [
            filter.skill.as_ref().map(|skill| ("skill = ?", text(skill))),
            filter.state.map(|state| ("state = ?", text(state))),
            filter.owner.as_ref().map(|owner| ("owner = ?", text(owned_by(owner)))),
            before.map(|id| ("id < ?", id)),
        ];
        let (mut sql, mut values) =
            (format!("SELECT id, {STANDING} FROM jobs WHERE domain = ?"), vec![text(domain)]);
        for (condition, value) in set.into_iter().flatten() {
            sql.push_str(" AND ");
            sql.push_str(condition);
            values.push(value);
        }
        sql.push_str(" ORDER BY id DESC LIMIT ?");
        values.push((most as u64).into());
        self.db.query(&sql, values).await
    }
}

/// A job, from the columns of [`WHOLE`] or [`STANDING`].
fn read(row: &mut Row) -> Result<Job, DbError> {
    let (id, domain, skill) = (row.parse()?, row.parse()?, row.parse()?);
    let version = row.opt_text()?.map(|version| fit(version.parse())).transpose()?;
    let tool = row.opt_text()?.map(|tool| fit(tool.parse())).transpose()?;
    let mut job = Job {
        id,
        to: Target { domain, skill, version, tool },
        lane: lane(row.int()?)?,
        state: row.parse()?,
        accepted: UnixMs(row.int()?),
        due: UnixMs(row.int()?),
        expires: UnixMs(row.int()?),
        attempt: small(row.int()?)?,
        attempts_before: small(row.int()?)?,
        fence: row.int()?,
        failures: small(row.int()?)?,
        interruptions: small(row.int()?)?,
        host: row.opt_text()?.map(|host| fit(host.parse())).transpose()?,
        cancelling: row.int()? != 0,
        ended: row.opt_int()?.map(UnixMs),
        idempotency_key: row.opt_text()?,
        terms: row.json()?,
        result: None,
    };
    let (output, fault): (Option<Bytes>, Option<String>) = (row.opt_blob()?, row.opt_text()?);
    let fault: Option<Fault> = fault.map(|fault| fit(serde_json::from_str(&fault))).transpose()?;
    job.result = output.map(Ok).or(fault.map(Err));
    Ok(job)
}

fn fit<T, E: std::fmt::Display>(read: Result<T, E>) -> Result<T, DbError> {
    read.map_err(|error| DbError::Corrupt(format!("a job: {error}")))
}

fn small(count: u64) -> Result<u32, DbError> {
    fit(u32::try_from(count))
}

/// The lane as it is stored: what is more urgent sorts first.
fn rank(lane: Lane) -> u64 {
    lane.rank() as u64
}

fn lane(rank: u64) -> Result<Lane, DbError> {
    let lane = usize::try_from(rank).ok().and_then(|rank| Lane::ALL.get(rank).copied());
    lane.ok_or_else(|| DbError::Corrupt(format!("no lane {rank}")))
}

/// Cuts off what is done at once: `most` at most, that together weigh no more than `weight_max`; but always one.
fn split_fitting<T>(
    rest: &[T],
    most: usize,
    weight_max: usize,
    weight: impl Fn(&T) -> usize,
) -> (&[T], &[T]) {
    let mut sum = 0;
    let fits = rest.iter().take(most).take_while(|one| {
        sum = weight(one).saturating_add(sum);
        sum <= weight_max
    });
    rest.split_at(fits.count().max(1))
}

/// `?, ?, ?` for so many values.
fn marks(count: usize) -> String {
    vec!["?"; count].join(", ")
}

/// The ids as values.
fn ids<'a>(jobs: impl IntoIterator<Item = &'a Job>) -> Vec<Value> {
    jobs.into_iter().map(|job| text(job.id)).collect()
}

/// Who asked, as it is stored: of bounded size, whatever the principal is called.
fn owned_by(owner: &Principal) -> Digest {
    Digest::of_parts(&[owner.to_string().as_bytes()])
}
