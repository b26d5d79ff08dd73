//! Several hosts at once: exactly one decides, and nobody's work is lost.

use crate::ground::{Ground, on_both};
use crate::sample::{calls, echo, expecting, publish};
use skep_store::{Publish, Store, StoreError};
use std::collections::BTreeSet;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use tokio::task::JoinSet;

/// Hosts that race.
const HOSTS: usize = 4;
/// Times that they do.
const ROUNDS: usize = 5;

on_both! {
    of_publishers_on_one_view_one_wins,
    hosts_that_open_an_empty_database_all_succeed,
    hosts_that_bring_the_same_records_store_them_once,
    changes_to_different_skills_all_succeed,
    what_is_given_up_is_done_whole_or_not_at_all,
}

async fn hosts(ground: &Ground) -> Vec<Store> {
    let mut hosts = Vec::new();
    for _ in 0..HOSTS {
        hosts.push(ground.open().await);
    }
    hosts
}

/// Has each host publish its own code at once.
async fn race(hosts: &[Store], make: impl Fn(usize) -> Publish) -> Vec<Result<u64, StoreError>> {
    let mut tasks = JoinSet::new();
    for (number, host) in hosts.iter().enumerate() {
        let (host, publish) = (host.clone(), make(number));
        tasks.spawn(async move { host.skill_publish(publish).await });
    }
    tasks.join_all().await
}

async fn of_publishers_on_one_view_one_wins(ground: Ground) {
    let hosts = hosts(&ground).await;
    let mut expect = None;
    for round in 0..ROUNDS {
        let number = |host| format!("{round}.{host}.0");
        let make = |host: usize| Publish { expect, ..publish(&number(host), number(host).as_bytes()) };
        let results = race(&hosts, make).await;

        let won: Vec<_> = results.iter().filter_map(|result| result.as_ref().ok()).collect();
        let lost = results.iter().filter(|result| matches!(result, Err(StoreError::Conflict { .. })));
        assert_eq!((won.len(), lost.count()), (1, HOSTS - 1), "{results:?}");
        let skill = echo(&hosts[round % HOSTS]).await;
        assert_eq!((skill.revision, skill.versions.len()), (*won[0], round + 1));
        expect = Some(skill.revision);
    }
}

async fn hosts_that_open_an_empty_database_all_succeed(ground: Ground) {
    let mut tasks = JoinSet::new();
    for _ in 0..HOSTS {
        let url = ground.url();
        tasks.spawn(async move { Store::open(&url).await?.revision().await });
    }
    assert_eq!(tasks.join_all().await, vec![Ok(0); HOSTS]);
}

async fn hosts_that_bring_the_same_records_store_them_once(ground: Ground) {
    let hosts = hosts(&ground).await;
    for _ in 0..ROUNDS {
        let records = calls(300);
        let mut tasks = JoinSet::new();
        for (number, host) in hosts.iter().cloned().enumerate() {
            // Pieces that overlap, cut differently by each host.
            let mut pieces = records.chunks(50 + 7 * number).map(<[_]>::to_vec).collect::<Vec<_>>();
            pieces.rotate_left(number);
            tasks.spawn(async move {
                for piece in pieces {
                    host.audit_append(&piece).await?;
                }
                Ok::<_, StoreError>(())
            });
        }
        assert_eq!(tasks.join_all().await, vec![Ok(()); HOSTS]);
    }
    assert_eq!(ground.texts("SELECT mac FROM audit").await.len(), 300 * ROUNDS);
}

async fn changes_to_different_skills_all_succeed(ground: Ground) {
    let hosts = hosts(&ground).await;
    let named =
        |host: usize| Publish { name: format!("skill-{host}").parse().unwrap(), ..publish("1.0.0", b"same") };
    let first = race(&hosts, named).await.into_iter().collect::<Result<BTreeSet<_>, _>>().unwrap();
    assert_eq!(first, BTreeSet::from_iter(1..=HOSTS as u64));

    let mut revisions = Vec::new();
    for host in 0..HOSTS {
        let skill = hosts[0].skill_load(&named(host).domain, &named(host).name).await.unwrap().unwrap();
        revisions.push(skill.revision);
    }
    let next = |host: usize| Publish {
        name: named(host).name,
        ..expecting(publish("2.0.0", b"next"), revisions[host])
    };
    let second = race(&hosts, next).await.into_iter().collect::<Result<BTreeSet<_>, _>>().unwrap();
    assert_eq!(second.len(), HOSTS);
    assert_eq!(ground.texts("SELECT digest FROM components").await.len(), 2);
}

/// Drops a future that isn't ready after so many looks at it.
async fn give_up<F: Future>(looks: usize, future: F) -> Option<F::Output> {
    let (mut future, mut left) = (pin!(future), looks);
    poll_fn(|context| match left.checked_sub(1) {
        Some(fewer) => {
            left = fewer;
            future.as_mut().poll(context).map(Some)
        }
        None => Poll::Ready(None),
    })
    .await
}

async fn what_is_given_up_is_done_whole_or_not_at_all(ground: Ground) {
    // One takes over from the other, and must find nothing locked.
    let hosts = [ground.open().await, ground.open().await];
    let mut given_up = 0;
    for looks in 0..30 {
        let host = &hosts[looks % 2];
        let number = format!("{looks}.0.0");
        let next = publish(&number, number.as_bytes());
        let skill = host.skill_load(&next.domain, &next.name).await.unwrap();
        let next = Publish { expect: skill.map(|skill| skill.revision), ..next };
        match give_up(looks, host.skill_publish(next)).await {
            None => given_up += 1,
            // A COMMIT that was given up may be done after all, and only now.
            Some(Ok(_) | Err(StoreError::Conflict { .. })) => {}
            Some(Err(error)) => panic!("{error}"),
        }
    }
    assert!(given_up > 5, "only {given_up} were given up");
    // This waits for whatever is still under way.
    let last = Publish { name: "last".parse().unwrap(), ..publish("1.0.0", b"last") };
    let revision = hosts[0].skill_publish(last).await.unwrap();
    let changes = ground.texts("SELECT token FROM changes").await.len();
    let versions = ground.texts("SELECT component FROM versions ORDER BY component").await;
    assert_eq!((changes as u64, versions.len()), (revision, changes));
    assert_eq!(ground.texts("SELECT digest FROM components ORDER BY digest").await, versions);
}
