//! Components: stored once by digest, in parts that fit into a packet.

use crate::db::{Abort, DbError, Purpose, Tx, Work, text, values};
use crate::{Store, StoreError};
use async_trait::async_trait;
use bytes::Bytes;
use skep_core::Digest;

/// The largest component.
pub const COMPONENT_BYTES_MAX: usize = 256 << 20;
/// The size of a part. MariaDB takes packets of 16 MiB, if not told otherwise.
const PART_BYTES: usize = 1 << 20;

impl Store {
    /// A component, if it is there. It is checked against its digest.
    pub async fn component_read(&self, digest: Digest) -> Result<Option<Bytes>, StoreError> {
        let Some(component) = self.db.transact(Purpose::Read, &Read(digest)).await? else { return Ok(None) };
        match digest_of(component.clone()).await? == digest {
            true => Ok(Some(component)),
            false => Err(StoreError::Corrupt(format!("component {digest} has another digest"))),
        }
    }
}

/// The digest of a component, away from the threads that serve.
pub(crate) async fn digest_of(component: Bytes) -> Result<Digest, StoreError> {
    let digest = tokio::task::spawn_blocking(move || Digest::of(&component)).await;
    digest.map_err(|error| StoreError::Internal(error.to_string()))
}

struct Read(Digest);

#[async_trait]
impl Work for Read {
    type Output = Option<Bytes>;

    async fn run(&self, tx: &mut Tx) -> Result<Option<Bytes>, Abort> {
        let digest = self.0;
        let sql = "SELECT bytes FROM components WHERE digest = ?";
        let Some(mut found) = tx.query_one(sql, vec![text(digest)]).await? else { return Ok(None) };
        let bytes = usize::try_from(found.int()?).unwrap_or(usize::MAX);
        let corrupt = |what: &str| DbError::Corrupt(format!("component {digest} {what}"));
        if bytes > COMPONENT_BYTES_MAX {
            return Err(corrupt("can't be so large").into());
        }
        let mut component = Vec::with_capacity(bytes);
        for part in 0..bytes.div_ceil(PART_BYTES) as u64 {
            let sql = "SELECT content FROM component_parts WHERE component = ? AND part = ?";
            let found = tx.query_one(sql, values![text(digest), part]).await?;
            component.extend_from_slice(&found.ok_or_else(|| corrupt("lacks a part"))?.blob()?);
        }
        Ok(Some(component.into()))
    }
}

/// Stores a component unless it is there.
pub(crate) async fn store(tx: &mut Tx, digest: Digest, component: &Bytes) -> Result<(), Abort> {
    let sql = "SELECT 1 FROM components WHERE digest = ?";
    if tx.query_one(sql, vec![text(digest)]).await?.is_some() {
        return Ok(());
    }
    let sql = "INSERT INTO components (digest, bytes) VALUES (?, ?)";
    tx.exec(sql, values![text(digest), component.len() as u64]).await?;
    for (part, content) in component.chunks(PART_BYTES).enumerate() {
        let sql = "INSERT INTO component_parts (component, part, content) VALUES (?, ?, ?)";
        let content = component.slice_ref(content);
        tx.exec(sql, values![text(digest), part as u64, content]).await?;
    }
    Ok(())
}

/// Deletes the components that no version has any more.
pub(crate) async fn sweep(tx: &mut Tx) -> Result<(), Abort> {
    let sql = "DELETE FROM components WHERE NOT EXISTS \
        (SELECT 1 FROM versions WHERE versions.component = components.digest)";
    tx.exec(sql, values![]).await?;
    Ok(())
}
