//! A line for each call that others make of the skill, from the audit.

use crate::client::Client;
use crate::failure::Failure;
use crate::show;
use skep_api::types::{AuditEntry, AuditPage};
use skep_core::{CallId, Incarnation, SkillName};
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How often to look.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Most calls that are shown of one look.
const CALLS_MAX: u64 = 20;

/// The calls that this very command made and showed, until they are seen in the audit.
#[derive(Default)]
pub(super) struct OwnCalls(Mutex<HashSet<CallId>>);

impl OwnCalls {
    pub(super) fn add(&self, call: Option<CallId>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(call);
    }

    fn take(&self, call: Option<CallId>) -> bool {
        call.is_some_and(|call| self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&call))
    }
}

/// Shows calls as they come. What was before isn't shown; a host that doesn't answer is told of once, and asked again.
pub(super) async fn follow(client: &Client, skill: &SkillName, own: &OwnCalls) -> Result<(), Failure> {
    let (mut seen, mut is_first, mut is_lost) = (None, true, false);
    loop {
        match newest(client, skill).await {
            Ok(page) => {
                let is_new = |entry: &&AuditEntry| !is_first && Some(place(entry)) != seen;
                let fresh: Vec<_> = page.iter().take_while(is_new).collect();
                for entry in fresh.into_iter().rev().filter(|entry| !own.take(entry.event.call)) {
                    tell(entry)?;
                }
                seen = page.first().map(place).or(seen);
                (is_first, is_lost) = (false, false);
            }
            Err(failure) if !is_lost => {
                let text = format!("calls can't be shown for now: {failure}");
                eprintln!("{}", show::plain(&text));
                is_lost = true;
            }
            Err(_) => {}
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn newest(client: &Client, skill: &SkillName) -> Result<Vec<AuditEntry>, Failure> {
    let query =
        [("skill", skill.to_string()), ("action", "call".to_owned()), ("limit", CALLS_MAX.to_string())];
    let page: AuditPage = client.get(&["audit"], &query).await?;
    Ok(page.records)
}

/// What no other record has.
fn place(entry: &AuditEntry) -> (Incarnation, u64) {
    (entry.host, entry.seq)
}

fn tell(AuditEntry { event, .. }: &AuditEntry) -> Result<(), Failure> {
    let tool = event.tool.as_ref().map_or("-", |tool| tool.as_str());
    let outcome = event.fault.map_or("ok".to_owned(), |fault| format!("{fault}: {}", event.detail));
    let ms = event.duration_us as f64 / 1e3;
    show::line(format!("{} {tool} {outcome} ({ms:.1} ms)", show::time(event.at)))
}
