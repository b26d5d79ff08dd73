//! Durable state of skills: a value a key, changed one step at a time, bounded exactly.

use crate::db::{Abort, DbError, Purpose, Tx, Value, Work, text, values};
use crate::skill::key as skill_key;
use crate::{Store, StoreError};
use async_trait::async_trait;
use bytes::Bytes;
use skep_core::{
    DomainName, STATE_PAGE_MAX, SkillName, StateChange, StateChanged, StateKeys, StateLimits, StateTotals,
};
use std::time::Duration;
use tokio::time::timeout;

/// After this long a change is given up. Whoever keeps readers off a cached value meanwhile does so for longer.
pub const STATE_CHANGE_TIME_MAX: Duration = Duration::from_secs(15);
/// Keys that one statement deletes when a skill goes, so that none takes too long.
const CLEAR_KEYS_MAX: u64 = 10_000;

impl Store {
    /// The value of a key.
    pub async fn state_get(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        key: &str,
    ) -> Result<Option<Bytes>, StoreError> {
        let sql = "SELECT value FROM state WHERE domain = ? AND skill = ? AND name = ?";
        let rows = self.db.query(sql, values![text(domain), text(skill), key]).await?;
        Ok(rows.into_iter().next().map(|mut row| row.blob()).transpose()?)
    }

    /// Changes a key of a skill that is installed. After [`StoreError::Unavailable`] it may have been
    /// changed or not.
    pub async fn state_change(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        key: &str,
        change: &StateChange,
        limits: StateLimits,
    ) -> Result<StateChanged, StoreError> {
        change.check(key)?;
        let step = Step { domain, skill, key, change, limits };
        let done = timeout(STATE_CHANGE_TIME_MAX, self.db.transact(Purpose::Write, &step)).await;
        let late = |_| DbError::Away(format!("state not changed within {STATE_CHANGE_TIME_MAX:?}"));
        done.map_err(late)?
    }

    /// A page of keys, ordered by their bytes; `from` counts the keys before it.
    pub async fn state_keys(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        from: u64,
        max: usize,
    ) -> Result<StateKeys, StoreError> {
        let max = max.clamp(1, STATE_PAGE_MAX);
        let sql = "SELECT name FROM state WHERE domain = ? AND skill = ? ORDER BY name LIMIT ? OFFSET ?";
        let rows = self.db.query(sql, values![text(domain), text(skill), max as u64 + 1, from]).await?;
        let keys = rows.into_iter().map(|mut row| row.text()).collect::<Result<_, _>>()?;
        Ok(StateKeys::page(keys, from, max))
    }
}

/// One change of one key.
struct Step<'a> {
    domain: &'a DomainName,
    skill: &'a SkillName,
    key: &'a str,
    change: &'a StateChange,
    limits: StateLimits,
}

#[async_trait]
impl Work for Step<'_> {
    const REPEATABLE: bool = false;
    type Output = StateChanged;

    async fn run(&self, tx: &mut Tx) -> Result<StateChanged, Abort> {
        let (totals, now) = self.lock(tx).await?;
        let Some(then) = self.change.apply(now.as_ref()).map_err(StoreError::from)? else {
            return Ok(StateChanged { applied: false, value: now });
        };
        let after = totals.after(self.key, now.as_ref(), then.as_ref(), self.limits);
        let after = after.map_err(StoreError::from)?;
        if then != now {
            self.write(tx, now.is_some(), then.clone()).await?;
        }
        if after != totals {
            let sql = "UPDATE state_totals SET entries = ?, bytes = ? WHERE domain = ? AND skill = ?";
            tx.exec(sql, values![after.keys, after.bytes, text(self.domain), text(self.skill)]).await?;
        }
        Ok(StateChanged { applied: true, value: then })
    }
}

impl Step<'_> {
    /// How full the bucket is and what the key holds, neither to be changed by others before the end.
    async fn lock(&self, tx: &mut Tx) -> Result<(StateTotals, Option<Bytes>), Abort> {
        lock_totals(tx, self.domain, self.skill).await?;
        let sql = "SELECT t.entries, t.bytes, s.value FROM state_totals t LEFT JOIN state s \
            ON s.domain = t.domain AND s.skill = t.skill AND s.name = ? WHERE t.domain = ? AND t.skill = ?";
        let found = tx.query_one(sql, values![self.key, text(self.domain), text(self.skill)]).await?;
        let removed = || StoreError::NotFound(format!("skill `{}`", self.skill));
        let mut row = found.ok_or_else(removed)?;
        let totals = StateTotals { keys: row.int()?, bytes: row.int()? };
        Ok((totals, row.opt_blob()?))
    }

    async fn write(&self, tx: &mut Tx, there: bool, then: Option<Bytes>) -> Result<(), Abort> {
        let place = || values![text(self.domain), text(self.skill), self.key];
        let (sql, values) = match then {
            None => ("DELETE FROM state WHERE domain = ? AND skill = ? AND name = ?", place()),
            Some(value) => {
                let sql = match there {
                    true => "UPDATE state SET value = ? WHERE domain = ? AND skill = ? AND name = ?",
                    false => "INSERT INTO state (value, domain, skill, name) VALUES (?, ?, ?, ?)",
                };
                (sql, [vec![Value::Blob(value)], place()].concat())
            }
        };
        Ok(tx.exec(sql, values).await?)
    }
}

/// Makes a new skill's state, empty.
pub(crate) async fn begin(tx: &mut Tx, domain: &DomainName, skill: &SkillName) -> Result<(), Abort> {
    let sql = "INSERT INTO state_totals (domain, skill, entries, bytes) VALUES (?, ?, 0, 0)";
    Ok(tx.exec(sql, skill_key(domain, skill).into()).await?)
}

/// Takes the lock under which a skill's state is changed. First of all in a transaction:
/// what is read from here on is the latest.
async fn lock_totals(tx: &mut Tx, domain: &DomainName, skill: &SkillName) -> Result<(), Abort> {
    let sql = "UPDATE state_totals SET entries = entries WHERE domain = ? AND skill = ?";
    Ok(tx.exec(sql, skill_key(domain, skill).into()).await?)
}

/// Deletes what may be much of a skill's state, in steps; the rest goes with the skill.
pub(crate) async fn clear(tx: &mut Tx, domain: &DomainName, skill: &SkillName) -> Result<(), Abort> {
    lock_totals(tx, domain, skill).await?;
    let next =
        "SELECT name FROM state WHERE domain = ? AND skill = ? AND name > ? ORDER BY name LIMIT 1 OFFSET ?";
    let step = "DELETE FROM state WHERE domain = ? AND skill = ? AND name <= ?";
    // What is seen may be older than what is deleted, so each step begins behind the one before.
    let mut done = String::new();
    loop {
        let values = values![text(domain), text(skill), &*done, CLEAR_KEYS_MAX - 1];
        let Some(mut row) = tx.query_one(next, values).await? else { return Ok(()) };
        done = row.text()?;
        tx.exec(step, values![text(domain), text(skill), &*done]).await?;
    }
}
