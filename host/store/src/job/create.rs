//! Accepting jobs: many in one transaction, each with the audit record of its acceptance.

use super::queue::{self, Queue, Queues};
use super::{
    BATCH_BYTES_MAX, JOB_BYTES_MAX, STANDING, damage, events, marks, owned_by, rank, read, split_fitting,
};
use crate::audit::batches;
use crate::change::json;
use crate::db::{Abort, Purpose, Row, Tx, Value, Work, text, values};
use crate::{Store, StoreError};
use async_trait::async_trait;
use bytes::Bytes;
use skep_core::{
    AuditRecord, Digest, DomainName, IDEMPOTENCY_KEY_BYTES_MAX, Job, JobEvent, JobId, JobState, JobStep,
    NewJob, Principal,
};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// How many jobs may wait.
#[derive(Debug, Clone, Copy)]
pub struct JobRoom {
    /// Of one skill.
    pub skill: u64,
    /// Of one domain; several hosts that accept at once may together go beyond it by a batch each.
    pub domain: u64,
}

/// What became of each job: itself, or the first one with its idempotency key, without its output.
type Outcomes = Vec<Result<Job, StoreError>>;
/// The first job of some work with its input, or why nobody can tell whether other work is the same.
type First = Result<(Job, Bytes), StoreError>;

impl Store {
    /// Accepts jobs, and stores these audit records with them, in one transaction. A job that finds no room,
    /// or whose idempotency key stands for other work or for what can't be read, is refused without the others.
    pub async fn jobs_create(
        &self,
        jobs: &[NewJob],
        records: &[AuditRecord],
        room: JobRoom,
    ) -> Result<Outcomes, StoreError> {
        for job in jobs {
            StoreError::check_size("the input", job.input.len(), JOB_BYTES_MAX)?;
            let key = job.idempotency_key.as_ref().map_or(0, String::len);
            StoreError::check_size("the idempotency key", key, IDEMPOTENCY_KEY_BYTES_MAX)?;
        }
        match jobs.is_empty() {
            true => Ok(Outcomes::new()),
            false => self.db.transact(Purpose::Write, &Create { jobs, records, room }).await,
        }
    }
}

struct Create<'a> {
    jobs: &'a [NewJob],
    records: &'a [AuditRecord],
    room: JobRoom,
}

#[async_trait]
impl Work for Create<'_> {
    type Output = Outcomes;

    async fn run(&self, tx: &mut Tx) -> Result<Outcomes, Abort> {
        let mut queues = queue::lock(tx, self.jobs.iter().map(|job| Queue::of(&job.to))).await?;
        let known = self.known(tx).await?;
        let mut domains = BTreeMap::new();
        let (mut fresh, mut outcomes, mut works) = (Vec::new(), Outcomes::new(), BTreeMap::new());
        for job in self.jobs {
            if let Some(there) = known.get(&job.id) {
                outcomes.push(there.clone());
                continue;
            }
            let work = work_of(job).map(|work| (job.to.domain.clone(), work));
            if let Some(work) = &work {
                if !works.contains_key(work)
                    && let Some(first) = find(tx, work).await?
                {
                    works.insert(work.clone(), first);
                }
                if let Some(first) = works.get(work) {
                    outcomes.push(same_work(job, first));
                    continue;
                }
            }
            if let Err(full) = self.admit(tx, &mut queues, &mut domains, job).await? {
                outcomes.push(Err(full));
                continue;
            }
            let accepted = accepted(job);
            if let Some(work) = work {
                works.insert(work, Ok((accepted.clone(), job.input.clone())));
            }
            outcomes.push(Ok(accepted));
            fresh.push(job);
        }
        insert(tx, &fresh).await?;
        queue::note(tx, &queues).await?;
        for records in batches(self.records, &mut Vec::new())? {
            records.run(tx).await?;
        }
        Ok(outcomes)
    }
}

impl Create<'_> {
    /// Those that are there already: this was done before, and only its answer was lost.
    async fn known(&self, tx: &mut Tx) -> Result<BTreeMap<JobId, Result<Job, StoreError>>, Abort> {
        let sql = format!("SELECT id, {STANDING} FROM jobs WHERE id IN ({})", marks(self.jobs.len()));
        let rows = tx.query(&sql, self.jobs.iter().map(|job| text(job.id)).collect()).await?;
        let mut known = BTreeMap::new();
        for mut row in rows {
            let id: JobId = row.parse()?;
            let there = damage::legible(&id.to_string(), read(&mut row))?;
            known.insert(id, there.ok_or_else(|| StoreError::Corrupt(format!("job {id} can't be read"))));
        }
        Ok(known)
    }

    /// Counts a job in, if there is room for it.
    async fn admit(
        &self,
        tx: &mut Tx,
        queues: &mut Queues,
        domains: &mut BTreeMap<String, u64>,
        job: &NewJob,
    ) -> Result<Result<(), StoreError>, Abort> {
        let (domain, skill) = (&job.to.domain, &job.to.skill);
        let in_domain = match domains.entry(domain.to_string()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let sql = "SELECT CAST(COALESCE(SUM(waiting), 0) AS SIGNED) FROM job_queues WHERE domain = ?";
                let row = tx.query_one(sql, values![text(domain)]).await?;
                unknown.insert(row.map_or(Ok(0), |mut row| row.int())?)
            }
        };
        let in_skill = queues.waiting(Queue::of(&job.to));
        if *in_skill >= self.room.skill {
            return Ok(Err(StoreError::Full(format!("{in_skill} jobs of `{skill}` wait already"))));
        }
        if *in_domain >= self.room.domain {
            return Ok(Err(StoreError::Full(format!("{in_domain} jobs wait in domain `{domain}` already"))));
        }
        *in_skill += 1;
        *in_domain += 1;
        Ok(Ok(()))
    }
}

/// The first job of the same work.
async fn find(tx: &mut Tx, (domain, work): &(DomainName, String)) -> Result<Option<First>, Abort> {
    let sql = format!("SELECT id, {STANDING}, input FROM jobs WHERE domain = ? AND work = ?");
    let Some(mut row) = tx.query_one(&sql, values![text(domain), work.as_str()]).await? else {
        return Ok(None);
    };
    let id = row.text()?;
    let whole = |row: &mut Row| Ok((read(row)?, row.blob()?));
    let unread = || {
        StoreError::Corrupt(format!("job {id}, which has this idempotency key, can't be read: use a new key"))
    };
    Ok(Some(damage::legible(&id, whole(&mut row))?.ok_or_else(unread)))
}

fn work_of(job: &NewJob) -> Option<String> {
    job.idempotency_key.as_ref().map(|key| work(job.terms.chain.first(), key))
}

/// What stands for "this piece of work, for whoever asked": theirs alone, and of bounded size.
pub(super) fn work(asker: Option<&Principal>, key: &str) -> String {
    let asker = asker.map(ToString::to_string).unwrap_or_default();
    Digest::of_parts(&[asker.as_bytes(), key.as_bytes()]).to_string()
}

fn same_work(job: &NewJob, first: &First) -> Result<Job, StoreError> {
    let (first, input) = first.as_ref().map_err(Clone::clone)?;
    if first.to == job.to && *input == job.input {
        return Ok(first.clone());
    }
    let key = job.idempotency_key.clone().unwrap_or_default();
    Err(StoreError::OtherWork { key, id: first.id })
}

fn accepted(job: &NewJob) -> Job {
    Job {
        id: job.id,
        to: job.to.clone(),
        lane: job.lane,
        state: JobState::Waiting,
        accepted: job.accepted,
        due: job.due,
        expires: job.expires,
        attempt: 0,
        attempts_before: 0,
        fence: 0,
        failures: 0,
        interruptions: 0,
        host: None,
        cancelling: false,
        ended: None,
        idempotency_key: job.idempotency_key.clone(),
        result: None,
        terms: job.terms.clone(),
    }
}

async fn insert(tx: &mut Tx, jobs: &[&NewJob]) -> Result<(), Abort> {
    let mut rest = jobs;
    while !rest.is_empty() {
        let (now, later) = split_fitting(rest, rest.len(), BATCH_BYTES_MAX, |job| job.input.len());
        let rows = vec!["(?, ?, ?, ?, ?, ?, 'waiting', ?, ?, ?, 0, 0, 0, 0, 0, ?, ?, ?, ?, 1, ?)"; now.len()];
        let sql = format!(
            "INSERT INTO jobs (id, domain, skill, version, tool, lane, state, accepted, due, expires, attempt, \
             fence, failures, interruptions, cancelling, idempotency_key, owner, work, terms, events, input) VALUES {}",
            rows.join(", ")
        );
        let values: Vec<Vec<Value>> = now.iter().map(|job| row(job)).collect::<Result<_, _>>()?;
        tx.exec(&sql, values.concat()).await?;
        rest = later;
    }
    let first = |job: &&NewJob| {
        let (at, detail) = (job.accepted, String::new());
        (job.id, JobEvent { seq: 1, at, step: JobStep::Accepted, attempt: 0, detail })
    };
    events::insert(tx, jobs.iter().map(first).collect()).await
}

fn row(job: &NewJob) -> Result<Vec<Value>, StoreError> {
    let to = &job.to;
    Ok(values![
        text(job.id),
        text(&to.domain),
        text(&to.skill),
        to.version.as_ref().map(text),
        to.tool.as_ref().map(text),
        rank(job.lane),
        job.accepted.0,
        job.due.0,
        job.expires.0,
        job.idempotency_key.clone(),
        job.terms.chain.first().map(|owner| text(owned_by(owner))).unwrap_or_else(|| "".into()),
        work_of(job),
        json("the job's terms", &job.terms)?,
        job.input.clone(),
    ])
}
