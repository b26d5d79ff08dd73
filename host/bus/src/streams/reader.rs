//! Reading work: free slots split among the lanes, one blocking read when there is none, and a look at what
//! Redis counts as ours, so that an answer lost on the way is no lost call.

use super::answer;
use super::keys::{GROUP, Keys};
use super::link::{Backoff, Line};
use super::scripts::{self, Args};
use super::shared::Shared;
use crate::lanes::{LaneSplit, lane_index};
use crate::{BusError, Delivery};
use redis::aio::MultiplexedConnection;
use redis::{Cmd, Value, cmd};
use skep_core::Lane;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// Where the router takes its deliveries. A read runs in a task of its own, so that nobody who stops waiting
/// for it loses what it brings.
pub(super) struct Seat {
    reader: Arc<Mutex<Reader>>,
    running: Option<JoinHandle<Result<Vec<Delivery>, BusError>>>,
    ready: VecDeque<Delivery>,
}

impl Seat {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { reader: Arc::new(Mutex::new(Reader::new(shared))), running: None, ready: VecDeque::new() }
    }

    pub(super) async fn take(&mut self, slots: usize) -> Result<Vec<Delivery>, BusError> {
        if self.ready.is_empty() && slots > 0 {
            let reader = &self.reader;
            let running = self.running.get_or_insert_with(|| {
                let reader = reader.clone();
                tokio::spawn(async move { reader.lock().await.read(slots).await })
            });
            let read = running.await;
            self.running = None;
            self.ready.extend(read.map_err(|e| BusError::Internal(format!("the reader broke: {e}")))??);
        }
        Ok(self.ready.drain(..slots.min(self.ready.len())).collect())
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.abort();
        }
    }
}

struct Reader {
    shared: Arc<Shared>,
    connection: Option<MultiplexedConnection>,
    splits: Vec<LaneSplit>,
    /// The domain that reads first.
    turn: usize,
    /// When the pending lists were last compared; never yet on this connection.
    checked: Option<Instant>,
    backoff: Backoff,
}

impl Reader {
    fn new(shared: Arc<Shared>) -> Self {
        let splits = shared.domains.iter().map(|_| LaneSplit::default()).collect();
        Self { shared, connection: None, splits, turn: 0, checked: None, backoff: Backoff::new() }
    }

    /// What there is for `slots`, or comes within the wait.
    async fn read(&mut self, slots: usize) -> Result<Vec<Delivery>, BusError> {
        let mut found = Vec::new();
        let Err(error) = self.read_once(slots, &mut found).await else {
            self.backoff.reset();
            return Ok(found);
        };
        // A broken connection, a Redis that lost the groups or is still loading: begin anew next time.
        self.connection = None;
        // What came before the break is held by this host now, and nobody would bring it again.
        if !found.is_empty() {
            return Ok(found);
        }
        self.backoff.wait().await;
        Err(error)
    }

    async fn read_once(&mut self, slots: usize, found: &mut Vec<Delivery>) -> Result<(), BusError> {
        if self.connection.is_none() {
            self.connect().await?;
        }
        if self.checked.is_none_or(|at| at.elapsed() >= self.shared.limits.pending_check) {
            self.missed(found).await?;
            self.checked = Some(Instant::now());
        }
        if found.is_empty() {
            self.take_waiting(slots, found).await?;
        }
        if found.is_empty() {
            self.wait_for_one(found).await?;
        }
        Ok(())
    }

    async fn connect(&mut self) -> Result<(), BusError> {
        self.checked = None;
        self.connection = Some(self.shared.link.dedicated(self.shared.limits.receive_wait).await?);
        let shared = self.shared.clone();
        for keys in &shared.domains {
            self.ask(&shared.groups(keys)).await?;
        }
        Ok(())
    }

    fn line(&mut self) -> Result<Line<'_>, BusError> {
        let connection = self.connection.as_mut();
        connection.map(Line::Dedicated).ok_or_else(|| BusError::Unavailable("not connected".to_owned()))
    }

    async fn ask(&mut self, command: &Cmd) -> Result<Value, BusError> {
        self.line()?.command(command).await
    }

    /// Calls that count as given to this host, but never arrived here.
    async fn missed(&mut self, found: &mut Vec<Delivery>) -> Result<(), BusError> {
        let shared = self.shared.clone();
        let me = shared.me.to_string();
        let mut line = self.line()?;
        for keys in &shared.domains {
            for lane in Lane::ALL {
                shared.not_held(keys, lane, &me, &mut line, found).await?;
            }
        }
        Ok(())
    }

    /// What waits already, without blocking.
    async fn take_waiting(&mut self, slots: usize, found: &mut Vec<Delivery>) -> Result<(), BusError> {
        let shared = self.shared.clone();
        let count = shared.domains.len();
        self.turn = (self.turn + 1) % count;
        let first = self.turn;
        for keys in (0..count).map(|offset| &shared.domains[(first + offset) % count]) {
            if found.len() < slots {
                self.take_domain(keys, slots - found.len(), found).await?;
            }
        }
        Ok(())
    }

    async fn take_domain(
        &mut self,
        keys: &Keys,
        slots: usize,
        found: &mut Vec<Delivery>,
    ) -> Result<(), BusError> {
        let shared = self.shared.clone();
        let quotas = self.splits[keys.index].quotas(slots);
        let command = shared
            .script(&scripts::TAKE, keys)
            .args([GROUP, &shared.me.to_string()])
            .args([slots])
            .args(quotas);
        for (lane, entries) in Lane::ALL.into_iter().zip(answer::list(self.ask(&command).await?)?) {
            found.extend(shared.take_over(keys, lane, answer::entries(entries)?).await);
        }
        Ok(())
    }

    /// Blocks until something comes on any lane, and takes one of it: the next read takes the rest by its quotas.
    async fn wait_for_one(&mut self, found: &mut Vec<Delivery>) -> Result<(), BusError> {
        let shared = self.shared.clone();
        let lanes = || shared.domains.iter().flat_map(|keys| &keys.lanes);
        let command = cmd("XREADGROUP")
            .args(["GROUP", GROUP, &shared.me.to_string(), "COUNT", "1", "BLOCK"])
            .args([shared.limits.receive_wait.as_millis() as u64])
            .args(["STREAMS"])
            .args(lanes())
            .args(lanes().map(|_| ">"));
        for (key, entries) in answer::streams(self.ask(&command).await?)? {
            for keys in &shared.domains {
                if let Some(lane) = Lane::ALL.into_iter().find(|lane| keys.lanes[lane_index(*lane)] == key) {
                    found.extend(shared.take_over(keys, lane, entries).await);
                    break;
                }
            }
        }
        Ok(())
    }
}
