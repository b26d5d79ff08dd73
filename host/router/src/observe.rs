//! What auditors may see: the records, and whether they are whole.

use crate::Router;
use skep_core::{AuditFlaw, AuditVerifier, Fault};
use skep_store::{AUDIT_PAGE_MAX, AuditFilter, AuditRow, StoreError};
use std::time::Duration;

/// Flaws that are kept of one verification; the others are counted.
const FLAWS_MAX: usize = 100;
/// How long records may be on their way from a host to the database, one of them before another.
const ON_THE_WAY: Duration = Duration::from_secs(2);

/// What a verification of the audit found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Records that were checked.
    pub records: u64,
    /// Chains they belong to, one for each life of each host.
    pub hosts: u64,
    /// How many flaws were found.
    pub flaws_total: u64,
    /// The first of them.
    pub flaws: Vec<AuditFlaw>,
}

impl Router {
    /// Records of the audit, the newest first. What just happened may still be on its way there.
    pub async fn audit_list(&self, filter: &AuditFilter) -> Result<Vec<AuditRow>, Fault> {
        self.0.store.audit_list(filter).await.map_err(unavailable)
    }

    /// Checks the whole audit, page by page.
    pub async fn audit_verify(&self) -> Result<Verdict, Fault> {
        let verdict = self.audit_verify_once().await?;
        if !verdict.flaws.iter().any(|flaw| matches!(flaw, AuditFlaw::Missing { .. })) {
            return Ok(verdict);
        }
        // What is missing may have been on its way. What is gone is missing the second time too.
        tokio::time::sleep(ON_THE_WAY).await;
        self.audit_verify_once().await
    }

    async fn audit_verify_once(&self) -> Result<Verdict, Fault> {
        let mut verifier = AuditVerifier::new(self.0.settings.audit_key);
        let mut verdict = Verdict::default();
        let mut after = None;
        loop {
            let page = self.0.store.audit_scan(after, AUDIT_PAGE_MAX).await.map_err(unavailable)?;
            for row in &page {
                if let Some(flaw) = verifier.check(&row.record) {
                    verdict.flaws_total += 1;
                    verdict.flaws.extend((verdict.flaws.len() < FLAWS_MAX).then_some(flaw));
                }
            }
            match page.last() {
                Some(row) => after = Some((row.record.host, row.record.seq)),
                None => break,
            }
        }
        Ok(Verdict { records: verifier.records(), hosts: verifier.hosts(), ..verdict })
    }
}

fn unavailable(error: StoreError) -> Fault {
    match error {
        StoreError::Unavailable { .. } => Fault::unavailable(error.to_string()),
        other => Fault::internal(other.to_string()),
    }
}
