//! Requests for grants: made once each, a few a principal, decided once.

mod decide;

pub use decide::Decision;

use crate::change::json;
use crate::db::{Abort, DbError, Purpose, Row, Tx, Value, Work, text, values};
use crate::skill::key;
use crate::{Store, StoreError};
use async_trait::async_trait;
use skep_core::{Ask, AskId, AskState, DomainName, Principal, UnixMs};

/// Requests of one principal in one domain that wait at once.
pub const ASKS_PENDING_MAX: usize = 16;
/// Requests of one principal in one domain that are kept, decided ones included; the oldest go first.
pub const ASKS_KEPT_MAX: u64 = 256;
/// Requests that one listing brings at most.
pub const ASKS_PAGE_MAX: u64 = 1_000;
/// Longest principal, in bytes.
const PRINCIPAL_BYTES_MAX: usize = 512;

/// What to list; what isn't set doesn't matter.
#[derive(Debug, Clone, Default)]
pub struct AskFilter {
    /// Only of this principal.
    pub asked_by: Option<Principal>,
    /// Only in this state.
    pub state: Option<AskState>,
    /// Only older ones than this.
    pub before: Option<AskId>,
    /// At most so many; [`ASKS_PAGE_MAX`] if not set or higher.
    pub limit: Option<u64>,
}

const SELECT: &str = "SELECT id, skill, digest, grants, why, asked_by, asked, expires, state, decided_by, \
    decided, reason FROM grant_requests WHERE domain = ?";

impl Store {
    /// Notes a request, or finds the one that waits already. Past [`ASKS_PENDING_MAX`] it is refused.
    pub async fn ask_create(&self, domain: &DomainName, ask: &Ask) -> Result<Ask, StoreError> {
        let asker = text(&ask.asked_by);
        StoreError::check_size("the principal", ask.asked_by.to_string().len(), PRINCIPAL_BYTES_MAX)?;
        let grants = json("the grants", &ask.grants)?;
        self.db.transact(Purpose::Write, &Create { domain, ask, asker, grants }).await
    }

    /// One request of a domain.
    pub async fn ask_load(&self, domain: &DomainName, id: AskId) -> Result<Option<Ask>, StoreError> {
        let rows = self.db.query(&format!("{SELECT} AND id = ?"), vec![text(domain), text(id)]).await?;
        Ok(rows.into_iter().next().map(|row| read(row, UnixMs::now())).transpose()?)
    }

    /// Requests of a domain, the newest first.
    pub async fn ask_list(&self, domain: &DomainName, filter: &AskFilter) -> Result<Vec<Ask>, StoreError> {
        let now = UnixMs::now();
        let in_state = filter.state.map(|state| match state {
            AskState::Pending => ("state = 'pending' AND expires > ?", now.0.into()),
            AskState::Expired => ("state = 'pending' AND expires <= ?", now.0.into()),
            decided => ("state = ?", Value::from(decided.as_str())),
        });
        let set = [
            filter.asked_by.as_ref().map(|asker| ("asked_by = ?", text(asker))),
            in_state,
            filter.before.map(|id| ("id < ?", text(id))),
        ];
        let (mut sql, mut values) = (SELECT.to_owned(), vec![text(domain)]);
        for (condition, value) in set.into_iter().flatten() {
            sql.push_str(" AND ");
            sql.push_str(condition);
            values.push(value);
        }
        sql.push_str(" ORDER BY id DESC LIMIT ?");
        values.push(filter.limit.unwrap_or(ASKS_PAGE_MAX).min(ASKS_PAGE_MAX).into());
        let rows = self.db.query(&sql, values).await?;
        Ok(rows.into_iter().map(|row| read(row, now)).collect::<Result<_, _>>()?)
    }
}

struct Create<'a> {
    domain: &'a DomainName,
    ask: &'a Ask,
    asker: Value,
    grants: Value,
}

#[async_trait]
impl Work for Create<'_> {
    type Output = Ask;

    async fn run(&self, tx: &mut Tx) -> Result<Ask, Abort> {
        lock(tx).await?;
        let sql = format!("{SELECT} AND asked_by = ? AND state = 'pending' AND expires > ?");
        let values = values![text(self.domain), self.asker.clone(), self.ask.asked.0];
        let mut waiting = 0;
        for row in tx.query(&sql, values).await? {
            let other = read(row, self.ask.asked)?;
            if other.same_wish(self.ask) {
                return Ok(other);
            }
            waiting += 1;
        }
        if waiting >= ASKS_PENDING_MAX {
            let what = format!("{waiting} requests of `{}` wait for an operator already", self.ask.asked_by);
            return Err(StoreError::Full(what).into());
        }
        let there = "SELECT 1 FROM skills WHERE domain = ? AND name = ?";
        if tx.query_one(there, key(self.domain, &self.ask.skill).into()).await?.is_none() {
            return Err(StoreError::NotFound(format!("skill `{}`", self.ask.skill)).into());
        }
        self.insert(tx).await?;
        self.prune(tx).await?;
        Ok(self.ask.clone())
    }
}

impl Create<'_> {
    async fn insert(&self, tx: &mut Tx) -> Result<(), Abort> {
        let sql = "INSERT INTO grant_requests (id, domain, skill, digest, grants, why, asked_by, asked, expires, \
            state, decided) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', 0)";
        let ask = self.ask;
        let values = values![
            text(ask.id),
            text(self.domain),
            text(&ask.skill),
            text(ask.digest),
            self.grants.clone(),
            &*ask.why,
            self.asker.clone(),
            ask.asked.0,
            ask.expires.0,
        ];
        Ok(tx.exec(sql, values).await?)
    }

    /// Deletes what is beyond the requests that are kept.
    async fn prune(&self, tx: &mut Tx) -> Result<(), Abort> {
        let of_asker = || values![text(self.domain), self.asker.clone()];
        let sql = "SELECT id FROM grant_requests WHERE domain = ? AND asked_by = ? ORDER BY id DESC LIMIT 1 OFFSET ?";
        let beyond = tx.query_one(sql, [of_asker(), values![ASKS_KEPT_MAX]].concat()).await?;
        if let Some(mut row) = beyond {
            let sql = "DELETE FROM grant_requests WHERE domain = ? AND asked_by = ? AND id <= ?";
            tx.exec(sql, [of_asker(), values![row.text()?]].concat()).await?;
        }
        Ok(())
    }
}

/// Takes the lock under which requests are made and decided. First of all in a transaction: what is read
/// from here on is the latest.
async fn lock(tx: &mut Tx) -> Result<(), Abort> {
    Ok(tx.exec("UPDATE revision SET value = value WHERE id = 1", values![]).await?)
}

fn read(mut row: Row, now: UnixMs) -> Result<Ask, DbError> {
    let mut ask = Ask {
        id: row.parse()?,
        skill: row.parse()?,
        digest: row.parse()?,
        grants: row.json()?,
        why: row.text()?,
        asked_by: principal(row.text()?)?,
        asked: UnixMs(row.int()?),
        expires: UnixMs(row.int()?),
        state: row.parse()?,
        decided_by: row.opt_text()?.map(principal).transpose()?,
        decided: Some(UnixMs(row.int()?)).filter(|at| at.0 > 0),
        reason: row.opt_text()?,
    };
    if ask.state == AskState::Pending && ask.expires <= now {
        ask.state = AskState::Expired;
    }
    Ok(ask)
}

fn principal(text: String) -> Result<Principal, DbError> {
    Principal::try_from(text).map_err(|error| DbError::Corrupt(format!("a principal: {error}")))
}
