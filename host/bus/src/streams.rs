//! The bus of a fleet: Redis Streams.

mod answer;
mod backlog;
mod breakers;
mod broadcast;
mod cache;
mod custody;
mod diagnose;
mod gauge;
mod keys;
mod lease;
mod link;
mod mailbox;
mod reader;
mod relay;
mod scripts;
mod seal;
mod seat;
mod send;
mod shared;
mod state;
mod subscriber;
mod wire;
mod writer;

use crate::queues::Room;
use crate::{AuditToken, Bus, BusError, BusLimits, Delivery, Entry, Event};
use async_trait::async_trait;
use broadcast::Airwaves;
use gauge::Gauge;
use keys::{GROUP, share};
use link::Link;
use scripts::Args;
use seal::{Kind, Seal};
use seat::Seat;
use shared::{Life, Shared};
use skep_core::{AuditRecord, CallId, DomainName, Envelope, Incarnation, Progress, RateLevel, Reply};
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;
use writer::{Order, Settlement};

pub use diagnose::{Diagnosis, diagnose};

/// Revision notices kept for hosts that were away.
const NOTICES_MAX: usize = 64;
/// Revision notices among which the newest revision is looked for: hosts that announce at once may do so
/// in any order.
const NOTICES_COMPARED: usize = 4;

/// What a bus over Redis needs to know.
pub struct RedisSettings {
    /// Where Redis is, as in `redis://127.0.0.1:6379`.
    pub url: String,
    /// The domains that this host serves from its start on; not empty.
    pub domains: Vec<DomainName>,
    /// The key that all hosts share: what isn't sealed with it isn't believed.
    pub mac_key: [u8; 32],
    /// The bounds.
    pub limits: BusLimits,
}

/// A bus over Redis, for one of several hosts. Dropped without [`Bus::close`], it dies like a killed host.
pub struct RedisBus {
    shared: Arc<Shared>,
    seat: Mutex<Seat>,
    inbox: Mutex<mpsc::Receiver<Event>>,
    orders: mpsc::Sender<Order>,
    taker: Mutex<relay::Taker>,
    gauge: Arc<Gauge>,
    airwaves: Arc<Airwaves>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl RedisBus {
    /// Connects, takes the lease, and starts to take part.
    pub async fn open(settings: RedisSettings) -> Result<Self, BusError> {
        let RedisSettings { url, domains, mac_key, limits } = settings;
        if domains.is_empty() {
            return Err(BusError::Internal("a bus needs at least one domain".to_owned()));
        }
        let link = Link::open(&url, limits.answer_wait)?;
        let (events, inbox) = mpsc::channel(limits.event_queue_max);
        let (airwaves, outbox) = Airwaves::new(limits.broadcast_queue_max);
        let (orders, ordered) = mpsc::channel(limits.settle_queue_max);
        let shared = Arc::new(Shared::new(Seal::new(&mac_key), limits, link, events));
        for domain in &domains {
            lease::enter(&shared, domain).await?;
        }
        lease::keep(shared.clone())?;
        let (gauge, airwaves) = (Arc::new(Gauge::default()), Arc::new(airwaves));
        let tasks = vec![
            tokio::spawn(writer::run(shared.clone(), ordered)),
            tokio::spawn(mailbox::run(shared.clone())),
            tokio::spawn(lease::recover(shared.clone())),
            tokio::spawn(gauge.clone().run(shared.clone())),
            tokio::spawn(broadcast::speak(shared.clone(), outbox)),
            tokio::spawn(broadcast::look(shared.clone(), airwaves.clone())),
            tokio::spawn(subscriber::run(shared.clone(), airwaves.clone())),
        ];
        Ok(Self {
            seat: Mutex::new(Seat::new(shared.clone())),
            inbox: Mutex::new(inbox),
            taker: Mutex::new(relay::Taker::new()),
            shared,
            orders,
            gauge,
            airwaves,
            tasks: Mutex::new(tasks),
        })
    }

    /// Ends this life and all that it does, so that nobody makes anew what is given up next.
    async fn stop(&self) {
        self.shared.end(Life::Closed);
        self.seat.lock().await.leave().await;
        for task in self.tasks.lock().await.drain(..) {
            task.abort();
            // However it ended.
            let _ = task.await;
        }
    }

    /// How many entries came that no host of this fleet had sealed. They are in the domain's dead letters.
    pub fn forged(&self) -> u64 {
        self.shared.forged()
    }
}

impl Drop for RedisBus {
    fn drop(&mut self) {
        self.shared.end(Life::Closed);
        for task in self.tasks.get_mut() {
            task.abort();
        }
    }
}

#[async_trait]
impl Bus for RedisBus {
    fn incarnation(&self) -> Incarnation {
        self.shared.me
    }

    async fn open_domain(&self, domain: &DomainName) -> Result<(), BusError> {
        self.shared.check_life()?;
        if self.shared.keys(domain).is_ok() {
            return Ok(());
        }
        lease::enter(&self.shared, domain).await
    }

    async fn send(&self, entry: Entry) -> Result<Option<RateLevel>, BusError> {
        send::send(&self.shared, &entry).await
    }

    async fn receive(&self, room: Room) -> Result<Vec<Delivery>, BusError> {
        let mut seat = self.seat.lock().await;
        self.shared.check_life()?;
        tokio::select! {
            taken = seat.take(room.at_most(self.shared.limits.receive_batch_max)) => taken,
            ended = self.shared.ended() => Err(ended),
        }
    }

    async fn settle(&self, delivery: Delivery, reply: Reply, audit: AuditRecord) -> Result<(), BusError> {
        let shared = &*self.shared;
        shared.check_life()?;
        let keys = shared.keys(&delivery.envelope.to.domain)?;
        let reply = wire::reply_frame(&shared.seal, delivery.envelope.from, shared.limits.fit(reply))?;
        let audit = wire::audit_frame(&shared.seal, &keys.domain, audit)?;
        let order = Order::Settle(Box::new(Settlement::new(keys, delivery, reply, audit)));
        tokio::select! {
            sent = self.orders.send(order) => sent.map_err(|_| BusError::Closed),
            ended = shared.ended() => Err(ended),
        }
    }

    async fn cancel(&self, envelope: &Envelope) -> Result<bool, BusError> {
        let shared = &*self.shared;
        shared.check_life()?;
        let (domain, id) = (&envelope.to.domain, envelope.id);
        let keys = shared.keys(domain)?;
        let frame = wire::notice_frame(&shared.seal, Kind::Cancel, domain.as_str(), &id)?;
        let command = shared
            .script(&scripts::CANCEL, &keys)
            .args([GROUP, &id.to_string(), &share(envelope)])
            .args([shared.lease_ms()])
            .args([&frame.header, &frame.mac]);
        Ok(shared.word(&command).await? == "taken")
    }

    async fn unknown(&self, domain: &DomainName, calls: &[CallId]) -> Result<Vec<CallId>, BusError> {
        self.shared.check_life()?;
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        let keys = self.shared.keys(domain)?;
        let mut places = redis::cmd("HMGET");
        places.arg(&keys.state);
        for call in calls {
            places.arg(format!("call:{call}"));
        }
        let places = answer::list(self.shared.link.command(&places).await?)?;
        let lost = calls.iter().zip(places).filter(|(_, place)| *place == redis::Value::Nil);
        Ok(lost.map(|(call, _)| *call).collect())
    }

    async fn progress(&self, to: Incarnation, progress: Progress) -> Result<(), BusError> {
        self.shared.check_life()?;
        self.gauge.note(to, progress, self.shared.limits.progress_queue_max);
        Ok(())
    }

    async fn event(&self) -> Result<Event, BusError> {
        let mut inbox = self.inbox.lock().await;
        tokio::select! {
            biased;
            Some(event) = inbox.recv() => Ok(event),
            ended = self.shared.ended() => Err(ended),
        }
    }

    async fn announce(&self, revision: u64) -> Result<(), BusError> {
        let shared = &*self.shared;
        shared.check_life()?;
        let mut pipe = redis::pipe();
        for keys in shared.domains().iter() {
            let frame = wire::notice_frame(&shared.seal, Kind::Revision, keys.domain.as_str(), &revision)?;
            pipe.cmd("XADD").arg(&keys.notices).arg("MAXLEN").arg(NOTICES_MAX).arg("*");
            pipe.arg("k").arg(Kind::Revision.as_str());
            pipe.arg("h").arg(&frame.header).arg("m").arg(&frame.mac);
        }
        shared.link.pipeline(&pipe).await
    }

    async fn announced(&self) -> Result<u64, BusError> {
        let mut newest = 0;
        for keys in self.shared.domains().iter() {
            let mut last = redis::cmd("XREVRANGE");
            last.arg(&keys.notices).arg("+").arg("-").arg("COUNT").arg(NOTICES_COMPARED);
            let entries = answer::entries(self.shared.link.command(&last).await?)?;
            // What isn't sealed is found and buried by whoever reads the notices.
            let opened = entries.into_iter().filter_map(|mut entry| {
                wire::revision_open(&self.shared.seal, &keys.domain, &entry.frame()).ok()
            });
            newest = opened.fold(newest, u64::max);
        }
        Ok(newest)
    }

    async fn audit_push(&self, record: AuditRecord) -> Result<(), BusError> {
        self.shared.check_life()?;
        self.shared.limits.check_record(&record)?;
        relay::push(&self.shared, record).await
    }

    async fn audit_take(&self, max: usize) -> Result<Vec<(AuditToken, AuditRecord)>, BusError> {
        self.shared.check_life()?;
        self.taker.lock().await.take(&self.shared, max).await
    }

    async fn audit_done(&self, tokens: Vec<AuditToken>) -> Result<(), BusError> {
        self.shared.check_life()?;
        relay::done(&self.shared, &tokens).await
    }

    async fn ping(&self) -> Result<(), BusError> {
        self.shared.check_life()?;
        self.shared.link.command(&redis::cmd("PING")).await.map(drop)
    }

    async fn close(&self) {
        if self.shared.check_life().is_err() {
            return;
        }
        let leaving = async {
            writer::flush(&self.orders).await?;
            self.stop().await;
            lease::give_up(&self.shared).await
        };
        match tokio::time::timeout(self.shared.limits.answer_wait, leaving).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the bus was left without goodbye"),
            Err(_) => tracing::warn!("the bus was left without goodbye: Redis is slow"),
        }
        self.shared.end(Life::Closed);
    }
}
