//! Quotas over all hosts, and what Redis counts of them.

use crate::fixture::{
    LIMIT, call, host, interrupted, limits, raw, receive_one, reply, settle_interrupted, short_lease,
};
use crate::quotas::{agent, at_once, charged, rated};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use redis::streams::StreamRangeReply;
use skep_bus::{Bus, BusError, OverQuota, Payer, RedisBus, Spent};
use skep_core::{FaultCode, Rate, RateLevel};
use skep_harness::{Redis, eventually};
use std::time::Instant;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hosts_together_let_through_no_more_than_the_rate() {
    let redis = Redis::start().unwrap();
    let (one, two) = (host(&redis, limits()).await, host(&redis, limits()).await);
    let rate: Rate = "200/s".parse().unwrap();
    let flood = async |host: &RedisBus| {
        let mut passed = 0;
        while passed < 200 {
            let charges = [rated(agent("flood"), "200/s")];
            let sent = host.send(charged(call(host.incarnation(), "echo", "1"), &charges)).await;
            passed += usize::from(sent.is_ok());
        }
        passed
    };
    let (a, b) = tokio::join!(flood(&one), flood(&two));
    // Each entry bears the time at which Redis took it.
    let mut raw = raw(&redis).await;
    let entries: StreamRangeReply =
        redis::cmd("XRANGE").arg("{skep:main}:no").arg("-").arg("+").query_async(&mut raw).await.unwrap();
    let time = |id: &str| id.split_once('-').unwrap().0.parse::<u64>().unwrap();
    let taken: Vec<u64> = entries.ids.iter().map(|entry| time(&entry.id)).collect();
    assert_eq!(taken.len(), a + b);
    for (at, first) in taken.iter().enumerate() {
        for (count, last) in (1_u64..).zip(&taken[at..]) {
            let back = (last - first) * rate.calls() / rate.window_ms();
            assert!(count <= rate.calls() + back, "{count} calls from {first} to {last}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_host_gives_back_what_it_ran() {
    let redis = Redis::start().unwrap();
    let (doomed, survivor) = (host(&redis, short_lease()).await, host(&redis, short_lease()).await);
    let only = || {
        let charges = [at_once(agent("ann"), 1), at_once(Payer::Domain, 1)];
        charged(call(survivor.incarnation(), "echo", "1"), &charges)
    };
    survivor.send(only()).await.unwrap();
    let lost = receive_one(&doomed).await;
    drop((doomed, lost));
    assert!(matches!(survivor.send(only()).await, Err(BusError::OverQuota(_))));
    let delivery = interrupted(&survivor).await;
    settle_interrupted(&survivor, delivery).await;
    assert_eq!(reply(&survivor).await.outcome.unwrap_err().code, FaultCode::Interrupted);
    survivor.send(only()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_is_forgotten_once_it_is_full_again() {
    let redis = Redis::start().unwrap();
    let host = host(&redis, limits()).await;
    let charges = [rated(agent("ann\n of \"corp\""), "20/s"), rated(Payer::Domain, "100/m")];
    host.send(charged(call(host.incarnation(), "echo", "1"), &charges)).await.unwrap();
    let buckets = async || {
        let mut raw = raw(&redis).await;
        redis::cmd("KEYS").arg("*:rate:*").query_async::<Vec<String>>(&mut raw).await.unwrap()
    };
    assert!(buckets().await.contains(&"{skep:main}:rate:domain:100/60000".to_owned()));
    eventually(LIMIT, async || buckets().await.is_empty()).await;
}

/// The script counts as the model does, to the unit: from any debt, over any time, up to the largest rates.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_script_counts_exactly() {
    let redis = Redis::start().unwrap();
    let host = host(&redis, limits()).await;
    let (mut raw, mut rng) = (raw(&redis).await, StdRng::seed_from_u64(11));
    for _ in 0..500 {
        let most = [1, 3, 1000, 999_999_999][rng.random_range(0..4)];
        let unit = ["s", "m", "h"][rng.random_range(0..3)];
        let text = format!("{}/{unit}", rng.random_range(1..=most));
        let rate: Rate = text.parse().unwrap();
        let level = RateLevel::new(rate, rng.random_range(0..=rate.calls() * rate.window_ms()));
        let (seconds, micros): (u64, u64) = redis::cmd("TIME").query_async(&mut raw).await.unwrap();
        let since = seconds * 1000 + micros / 1000 - rng.random_range(0..=rate.window_ms() + 2);
        let bucket = format!("{{skep:main}}:rate:domain:{}/{}", rate.calls(), rate.window_ms());
        let was = format!("{} {since}", level.debt());
        let _: () = redis::cmd("SET").arg(&bucket).arg(&was).query_async(&mut raw).await.unwrap();
        let (charges, start) = ([rated(Payer::Domain, &text)], Instant::now());
        let sent = host.send(charged(call(host.incarnation(), "echo", "1"), &charges)).await;
        let now: Option<String> = redis::cmd("GET").arg(&bucket).query_async(&mut raw).await.unwrap();
        let Some(now) = now else {
            // It was full again before it was looked at.
            let soonest = RateLevel::new(rate, rate.window_ms()).full_in_ms();
            assert!(sent.is_ok() && soonest <= start.elapsed().as_millis() as u64 + 1, "{rate} {was}");
            continue;
        };
        match sent {
            Ok(_) => {
                let (debt, at) = now.split_once(' ').unwrap();
                let expected = level.after(at.parse::<u64>().unwrap() - since).draw().unwrap();
                assert_eq!(debt, expected.debt().to_string(), "{rate} {was} {now}");
            }
            Err(BusError::OverQuota(OverQuota { spent: Spent::Rate(told), .. })) => {
                // It is as it was, but for what came back until then, in whole milliseconds.
                assert_eq!(now, was);
                assert!(told.left() == 0 && told.debt() <= level.debt(), "{rate} {was} {told:?}");
                assert_eq!((level.debt() - told.debt()) % rate.calls(), 0, "{rate} {was} {told:?}");
            }
            Err(other) => panic!("{other}"),
        }
    }
}
