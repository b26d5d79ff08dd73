//! Domains that are opened while the bus is in use.

use crate::fixture::{
    Kind, LIMIT, Rig, call, host, limits, on_both, receive_nothing, receive_one, reply, send, settle,
};
use skep_bus::{Bus, BusError, BusLimits, Entry, RedisBus, Room};
use skep_core::DomainName;
use skep_harness::Redis;
use std::time::Duration;
use tokio::time::timeout;

on_both! {
    a_domain_is_opened_under_a_waiting_host;
    a_host_opens_no_more_domains_than_its_bound;
}

fn team() -> DomainName {
    "team".parse().unwrap()
}

fn of_team(bus: &dyn Bus) -> Entry {
    let mut entry = call(bus.incarnation(), "echo", "1");
    entry.envelope.to.domain = team();
    entry
}

async fn a_domain_is_opened_under_a_waiting_host(kind: Kind) {
    // A host that had to wait for its next look would come too late.
    let rig = Rig::open(kind, BusLimits { receive_wait: 10 * LIMIT, ..limits() }).await;
    let bus = &*rig.bus;
    assert_eq!(send(bus, of_team(bus)).await.unwrap_err(), BusError::UnknownDomain(team()));
    let opened = async {
        bus.open_domain(&team()).await.unwrap();
        bus.open_domain(&team()).await.unwrap();
        send(bus, of_team(bus)).await.unwrap()
    };
    let received = async {
        loop {
            if let Some(delivery) = bus.receive(Room::of(1)).await.unwrap().pop() {
                return delivery;
            }
        }
    };
    let (delivery, id) = timeout(LIMIT, async { tokio::join!(received, opened) }).await.unwrap();
    settle(bus, delivery, "1").await;
    assert_eq!(reply(bus).await.id, id);
}

async fn a_host_opens_no_more_domains_than_its_bound(kind: Kind) {
    let rig = Rig::open(kind, BusLimits { domains_max: 2, ..limits() }).await;
    rig.bus.open_domain(&team()).await.unwrap();
    let more = rig.bus.open_domain(&"more".parse().unwrap()).await;
    assert_eq!(more, Err(BusError::TooManyDomains { limit: 2 }));
    rig.bus.open_domain(&team()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_sent_before_a_host_opened_the_domain_is_not_lost_to_it() {
    let redis = Redis::start().unwrap();
    let (one, two) = (host(&redis, limits()).await, host(&redis, limits()).await);
    one.open_domain(&team()).await.unwrap();
    let id = send(&one, of_team(&one)).await.unwrap();
    receive_nothing(&two).await;
    two.open_domain(&team()).await.unwrap();
    let delivery = receive_one(&two).await;
    assert_eq!((delivery.envelope.id, &delivery.envelope.to.domain), (id, &team()));
    settle(&two, delivery, "1").await;
    assert_eq!(reply(&one).await.id, id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_lives_in_a_domain_that_it_opened_later() {
    let redis = Redis::start().unwrap();
    let lease = Duration::from_millis(1500);
    let limits = BusLimits { lease, lease_renew: Duration::from_millis(300), ..limits() };
    let (one, two) = (host(&redis, limits.clone()).await, host(&redis, limits).await);
    for host in [&one, &two] {
        host.open_domain(&team()).await.unwrap();
    }
    send(&one, of_team(&one)).await.unwrap();
    let held = receive_one(&two).await;
    // Several leases later the others still count it among the living, and its call as its own.
    let given_up = timeout(3 * lease, crate::fixture::interrupted(&one)).await;
    assert!(given_up.is_err(), "{given_up:?}");
    settle(&two, held, "1").await;
    lives(&two).await;
}

async fn lives(host: &RedisBus) {
    let id = send(host, of_team(host)).await.unwrap();
    let delivery = receive_one(host).await;
    settle(host, delivery, "1").await;
    assert_eq!(reply(host).await.id, id);
}
