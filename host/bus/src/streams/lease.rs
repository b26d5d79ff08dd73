//! The lease, renewed from a thread of its own so that a busy host doesn't lose it; and the calls of hosts that
//! lost theirs.

use super::answer;
use super::keys::{GROUP, Keys, claimer, host_of};
use super::link::{Line, Link};
use super::scripts::{self, Args};
use super::shared::{Life, Shared};
use crate::queues::Queue;
use crate::{BusError, Event};
use redis::cmd;
use skep_core::{DomainName, Incarnation};
use std::sync::Arc;
use std::time::Duration;

/// How long it is remembered that a host was taken for dead.
const MOURNING: Duration = Duration::from_secs(24 * 3600);
/// Calls claimed from one dead host in one go.
const CLAIM_MAX: usize = 100;

/// Takes part in a domain: makes its groups from the first entry on, and takes the lease there, before anybody
/// reads or writes.
pub(super) async fn enter(shared: &Shared, domain: &DomainName) -> Result<(), BusError> {
    let _alone = shared.opening.lock().await;
    let (index, limit) = (shared.domains().len(), shared.limits.domains_max);
    if shared.keys(domain).is_ok() {
        return Ok(());
    }
    if index >= limit {
        return Err(BusError::TooManyDomains { limit });
    }
    let keys = Keys::new(index, domain.clone(), shared.me);
    shared.link.command(&shared.groups(&keys)).await?;
    renew(shared, &shared.link, &keys).await?;
    shared.add(keys);
    Ok(())
}

/// Takes or renews the lease in a domain.
async fn renew(shared: &Shared, link: &Link, keys: &Keys) -> Result<(), BusError> {
    let command =
        shared.script(&scripts::LEASE, keys).args([shared.me.to_string()]).args([shared.lease_ms()]);
    if answer::text(link.command(&command).await?)? == "dead" {
        shared.end(Life::LeaseLost);
        return Err(BusError::LeaseLost);
    }
    Ok(())
}

async fn renew_all(shared: &Shared, link: &Link) -> Result<(), BusError> {
    for keys in shared.domains().iter() {
        renew(shared, link, keys).await?;
    }
    Ok(())
}

/// Starts the thread that renews the lease until the life of this host ends.
pub(super) fn keep(shared: Arc<Shared>) -> Result<(), BusError> {
    let failed = |e: std::io::Error| BusError::Internal(format!("no thread for the lease: {e}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let thread = std::thread::Builder::new().name("bus-lease".to_owned());
    thread.spawn(move || runtime.block_on(keep_on(&shared))).map(drop).map_err(failed)
}

async fn keep_on(shared: &Shared) {
    let link = shared.link.twin();
    let mut wait = shared.limits.lease_renew;
    loop {
        tokio::select! {
            _ = shared.ended() => return,
            () = tokio::time::sleep(wait) => {}
        }
        wait = match renew_all(shared, &link).await {
            Ok(()) => shared.limits.lease_renew,
            Err(error) => {
                tracing::warn!(%error, "the lease could not be renewed");
                shared.limits.lease_renew / 10
            }
        };
    }
}

/// Gives the lease up, and the mailbox and the sessions with it.
pub(super) async fn give_up(shared: &Shared) -> Result<(), BusError> {
    for keys in shared.domains().iter() {
        shared.word(&shared.script(&scripts::LEAVE, keys).args([GROUP, &shared.me.to_string()])).await?;
    }
    Ok(())
}

/// Looks after the calls of the dead until the life of this host ends.
pub(super) async fn recover(shared: Arc<Shared>) {
    loop {
        // Looking costs little, and those who called the dead wait for it.
        tokio::time::sleep(shared.limits.lease_renew / 5).await;
        // After a break of ours the others may have had one too: give them time to renew.
        if shared.link.up_for() < shared.limits.lease {
            // Opens the link where nothing else does.
            if let Err(error) = shared.link.command(&cmd("PING")).await {
                tracing::debug!(%error, "no recovery without Redis");
            }
            continue;
        }
        for keys in shared.domains().iter() {
            if let Err(error) = recover_domain(&shared, keys).await {
                tracing::warn!(%error, domain = %keys.domain, "the calls of dead hosts can't be looked after");
            }
        }
    }
}

async fn recover_domain(shared: &Shared, keys: &Keys) -> Result<(), BusError> {
    shared.link.command(&shared.groups(keys)).await?;
    for queue in Queue::shared() {
        recover_queue(shared, keys, queue).await?;
    }
    for holder in holders(shared, keys).await? {
        if holder != shared.me && inherit(shared, keys, holder).await? {
            recover_queue(shared, keys, Queue::Sessions(holder)).await?;
        }
    }
    Ok(())
}

async fn recover_queue(shared: &Shared, keys: &Keys, queue: Queue) -> Result<(), BusError> {
    for consumer in consumers(shared, keys, queue).await? {
        match host_of(&consumer) {
            Some(host) if host != shared.me => claim(shared, keys, queue, &consumer, host).await?,
            _ => {}
        }
    }
    let mut line = Line::Shared(&shared.link);
    let mut found = Vec::new();
    let looked = shared.not_held(keys, queue, &claimer(shared.me), &mut line, &mut found).await;
    for delivery in found {
        shared.events.send(Event::Interrupted(delivery)).await.map_err(|_| BusError::Closed)?;
    }
    looked
}

/// The hosts that have, or had, a queue for their sessions.
async fn holders(shared: &Shared, keys: &Keys) -> Result<Vec<Incarnation>, BusError> {
    let names = answer::list(shared.link.command(&cmd("SMEMBERS").args([&keys.holders])).await?)?;
    let names = names.into_iter().map(answer::text).collect::<Result<Vec<_>, _>>()?;
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}

/// Takes over what only a dead host could have run. Says whether there is any.
async fn inherit(shared: &Shared, keys: &Keys, host: Incarnation) -> Result<bool, BusError> {
    let (host, me, claimer) = (host.to_string(), shared.me.to_string(), claimer(shared.me));
    let command = shared
        .script(&scripts::INHERIT, keys)
        .args([GROUP, &host, &me, &claimer])
        .args([CLAIM_MAX as u64, MOURNING.as_millis() as u64]);
    Ok(shared.word(&command).await? == "left")
}

async fn consumers(shared: &Shared, keys: &Keys, queue: Queue) -> Result<Vec<String>, BusError> {
    let command = cmd("XINFO").args(["CONSUMERS", &keys.queue(queue), GROUP]);
    let mut names = Vec::new();
    for consumer in answer::list(shared.link.command(&command).await?)? {
        // Pairs of name and value, the consumer's name first.
        if let Some(name) = answer::list(consumer)?.into_iter().nth(1) {
            names.push(answer::text(name)?);
        }
    }
    Ok(names)
}

async fn claim(
    shared: &Shared,
    keys: &Keys,
    queue: Queue,
    consumer: &str,
    host: Incarnation,
) -> Result<(), BusError> {
    let (name, host) = (queue.to_string(), host.to_string());
    let (me, claimer) = (shared.me.to_string(), claimer(shared.me));
    let command = shared
        .script(&scripts::CLAIM, keys)
        .args([GROUP, &name, consumer, &host, &me, &claimer])
        .args([CLAIM_MAX as u64, MOURNING.as_millis() as u64]);
    shared.link.command(&command).await.map(drop)
}
