//! What is told is heard by whoever listens, on either bus; and what can't be heard is told to be lost.

use crate::fixture::{KEY, Kind, LIMIT, Rig, host, limits, on_both, raw};
use skep_bus::{Broadcast, Bus, BusError, BusLimits, Heard, RedisBus, RedisSettings};
use skep_core::{CallId, DomainName, Event, Happening, HostHealth, Principal, SkillChange, SkillEvent};
use skep_harness::{Redis, eventually};
use std::time::Duration;
use tokio::time::timeout;

fn main_domain() -> DomainName {
    DomainName::default()
}

/// An event that is told apart by its version.
fn event(number: u64) -> Event {
    of_domain("main", number)
}

fn of_domain(domain: &str, number: u64) -> Event {
    let version = Some(semver::Version::new(number, 0, 0));
    let what = Happening::Skill(SkillChange { change: SkillEvent::Published, version });
    Event::of_skill(&domain.parse().unwrap(), &"echo".parse().unwrap(), what)
}

fn number(event: &Event) -> u64 {
    let Happening::Skill(SkillChange { version: Some(version), .. }) = &event.what else {
        panic!("unexpected: {event:?}")
    };
    version.major
}

async fn hear(bus: &dyn Bus) -> Heard {
    timeout(LIMIT, bus.hear()).await.expect("nothing is heard").unwrap()
}

async fn hear_event(bus: &dyn Bus) -> Event {
    match hear(bus).await {
        Heard::Event(event) => (*event).clone(),
        Heard::Lost(count) => panic!("lost: {count:?}"),
    }
}

async fn what_is_told_is_heard_in_its_order(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    bus.broadcast(event(1));
    bus.listen(true);
    for number in 2..100 {
        bus.broadcast(event(number));
    }
    let health = HostHealth { host: bus.incarnation(), ready: true, why: None };
    bus.broadcast(Event::of_host(health));
    for expect in 2..100 {
        assert_eq!(number(&hear_event(bus).await), expect, "what was told before nobody heard");
    }
    assert!(matches!(hear_event(bus).await.what, Happening::Health(_)));
}

async fn who_listens_is_known_without_asking(kind: Kind) {
    let rig = Rig::open_domains(kind, limits(), &["main", "other"]).await;
    let bus = &*rig.bus;
    let listened = || {
        let domains = ["main", "other", "not-here"].map(|name| bus.listened(Some(&name.parse().unwrap())));
        (domains, bus.listened(None))
    };
    assert_eq!(listened(), ([false; 3], false));
    bus.listen(true);
    assert_eq!(listened(), ([true, true, false], true));
    bus.broadcast(of_domain("not-here", 1));
    bus.broadcast(of_domain("other", 2));
    assert_eq!(number(&hear_event(bus).await), 2);
    bus.listen(false);
    assert_eq!(listened(), ([false; 3], false));
    bus.broadcast(event(3));
    bus.listen(true);
    bus.broadcast(event(4));
    assert_eq!(number(&hear_event(bus).await), 4);
}

async fn who_does_not_hear_in_time_learns_how_much_was_lost(kind: Kind) {
    let rig = Rig::open(kind, BusLimits { broadcast_queue_max: 8, ..limits() }).await;
    let bus = &*rig.bus;
    bus.listen(true);
    for number in 0..20 {
        bus.broadcast(event(number));
    }
    assert!(matches!(hear(bus).await, Heard::Lost(Some(12))));
    for expect in 0..8 {
        assert_eq!(number(&hear_event(bus).await), expect);
    }
    bus.broadcast(event(20));
    assert_eq!(number(&hear_event(bus).await), 20);
}

async fn after_the_end_nothing_is_heard(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    rig.bus.listen(true);
    let waiting = tokio::spawn({
        let bus = rig.bus.clone();
        async move { bus.hear().await }
    });
    rig.bus.close().await;
    let ended = timeout(LIMIT, waiting).await.unwrap().unwrap();
    assert_eq!(ended.unwrap_err(), BusError::Closed);
    rig.bus.broadcast(event(1));
    assert_eq!(rig.bus.hear().await.unwrap_err(), BusError::Closed);
}

on_both! {
    what_is_told_is_heard_in_its_order;
    who_listens_is_known_without_asking;
    who_does_not_hear_in_time_learns_how_much_was_lost;
    after_the_end_nothing_is_heard;
}

/// Limits under which hosts learn soon who listens.
fn attentive() -> BusLimits {
    BusLimits { listeners_look: Duration::from_millis(50), ..limits() }
}

/// Waits until `speaker` knows whether another host listens.
async fn knows(speaker: &RedisBus, listened: bool) {
    eventually(LIMIT, async || speaker.listened(Some(&main_domain())) == listened).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_hosts_hear_what_is_told_while_they_listen() {
    let redis = Redis::start().unwrap();
    let (speaker, listener) = (host(&redis, attentive()).await, host(&redis, attentive()).await);
    assert!(!speaker.listened(Some(&main_domain())));
    listener.listen(true);
    knows(&speaker, true).await;
    for number in 0..200 {
        speaker.broadcast(event(number));
    }
    for expect in 0..200 {
        assert_eq!(number(&hear_event(&listener).await), expect);
    }
    // A host that listens doesn't take itself for another one.
    speaker.listen(true);
    listener.listen(false);
    eventually(LIMIT, async || {
        let mut raw = raw(&redis).await;
        let count: (String, i64) = ::redis::cmd("PUBSUB")
            .arg(&["NUMSUB", "{skep:main}:events"])
            .query_async(&mut raw)
            .await
            .unwrap();
        count.1 == 1
    })
    .await;
    speaker.listen(false);
    knows(&speaker, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_domain_that_is_opened_later_is_heard_as_well() {
    let redis = Redis::start().unwrap();
    let (speaker, listener) = (host(&redis, attentive()).await, host(&redis, attentive()).await);
    listener.listen(true);
    knows(&speaker, true).await;
    let team: DomainName = "team".parse().unwrap();
    for host in [&speaker, &listener] {
        host.open_domain(&team).await.unwrap();
    }
    eventually(LIMIT, async || speaker.listened(Some(&team))).await;
    for number in 0..3 {
        speaker.broadcast(of_domain("team", number));
    }
    for expect in 0..3 {
        let heard = hear_event(&listener).await;
        assert_eq!((number(&heard), heard.topic.domain.as_ref()), (expect, Some(&team)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_dies_listening_is_no_longer_told() {
    let redis = Redis::start().unwrap();
    let (speaker, listener) = (host(&redis, attentive()).await, host(&redis, attentive()).await);
    listener.listen(true);
    knows(&speaker, true).await;
    drop(listener);
    knows(&speaker, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_break_the_listener_learns_that_something_was_lost() {
    let mut redis = Redis::start().unwrap();
    let (speaker, listener) = (host(&redis, attentive()).await, host(&redis, attentive()).await);
    listener.listen(true);
    knows(&speaker, true).await;
    speaker.broadcast(event(1));
    assert_eq!(number(&hear_event(&listener).await), 1);
    redis.stop();
    redis.restart().unwrap();
    assert!(matches!(hear(&listener).await, Heard::Lost(None)));
    // The speaker learns anew, in its own time, who listens.
    let told = eventually(LIMIT, async || {
        speaker.broadcast(event(2));
        timeout(Duration::from_millis(100), listener.hear()).await.is_ok()
    });
    told.await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_host_could_not_tell_is_missed_by_number() {
    let redis = Redis::start().unwrap();
    let speaker = host(&redis, BusLimits { broadcast_queue_max: 4, ..attentive() }).await;
    let listener = host(&redis, attentive()).await;
    listener.listen(true);
    knows(&speaker, true).await;
    let (mut told, mut heard, mut lost) = (0, 0, 0);
    let mut tell = || {
        speaker.broadcast(event(told));
        told += 1;
        told
    };
    while lost == 0 {
        // More at once than its queue holds.
        for _ in 0..1000 {
            tell();
        }
        // One that comes through shows what is missing before it.
        let (mut last, mut marker) = (0, 0);
        while last < marker || marker == 0 {
            marker = tell();
            while let Ok(next) = timeout(Duration::from_millis(100), listener.hear()).await {
                match next.unwrap() {
                    Heard::Lost(count) => lost += count.unwrap(),
                    Heard::Event(event) => {
                        heard += 1;
                        last = number(&event) + 1;
                    }
                }
            }
        }
        assert_eq!(heard + lost, last, "of all that was told, what wasn't heard was counted");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_host_sealed_is_not_heard() {
    let redis = Redis::start().unwrap();
    let listener = host(&redis, attentive()).await;
    let settings = |mac_key| RedisSettings {
        url: redis.url(),
        domains: vec![main_domain()],
        mac_key,
        limits: attentive(),
    };
    let stranger = RedisBus::open(settings([9; 32])).await.unwrap();
    let friend = RedisBus::open(settings(KEY)).await.unwrap();
    listener.listen(true);
    knows(&stranger, true).await;
    knows(&friend, true).await;
    stranger.broadcast(event(1));
    let mut raw = raw(&redis).await;
    for forged in [&b""[..], b"{}", &[b'x'; 100], &vec![b'x'; 1 << 20]] {
        let _: i64 = ::redis::cmd("PUBLISH")
            .arg("{skep:main}:events")
            .arg(forged)
            .query_async(&mut raw)
            .await
            .unwrap();
    }
    eventually(LIMIT, async || listener.forged() == 5).await;
    friend.broadcast(event(2));
    assert_eq!(number(&hear_event(&listener).await), 2);
}

/// An event of a call, as large as they come.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_largest_event_passes() {
    let redis = Redis::start().unwrap();
    let (speaker, listener) = (host(&redis, attentive()).await, host(&redis, attentive()).await);
    listener.listen(true);
    knows(&speaker, true).await;
    let record = skep_core::LogRecord {
        call: CallId::fresh(),
        at: skep_core::UnixMs(1),
        level: skep_core::Level::Info,
        source: "é".repeat(64),
        text: "\u{1}".repeat(1 << 20),
    };
    let (domain, by) = (main_domain(), Principal::Key("k".repeat(16)));
    let largest = Event::of_log(&domain, &"a".repeat(63).parse().unwrap(), by, &record);
    speaker.broadcast(largest.clone());
    assert_eq!(hear_event(&listener).await, largest);
}
