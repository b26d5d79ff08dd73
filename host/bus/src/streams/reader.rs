//! Reading work: what there is room for, one blocking read when there is none, and a look at what Redis counts
//! as ours, so that an answer lost on the way is no lost call.

use super::answer;
use super::keys::{GROUP, Keys};
use super::link::{Backoff, Line};
use super::scripts::{self, Args};
use super::shared::Shared;
use crate::queues::{Queue, Room};
use crate::{BusError, Delivery};
use redis::aio::MultiplexedConnection;
use redis::{Cmd, Value, cmd};
use skep_core::LaneSplit;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

/// Takes what Redis has for this host, over a connection of its own.
pub(super) struct Reader {
    shared: Arc<Shared>,
    connection: Option<MultiplexedConnection>,
    /// Redis's number of the connection, by which another one can wake it.
    client: Arc<AtomicI64>,
    /// By the places of the domains.
    splits: Vec<LaneSplit>,
    /// Counts reads, so that neither a domain nor the lanes are always last.
    turn: usize,
    /// When the pending lists were last compared; never yet on this connection.
    checked: Option<Instant>,
    backoff: Backoff,
}

impl Reader {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let (client, backoff) = (Arc::default(), Backoff::new());
        Self { shared, connection: None, client, splits: Vec::new(), turn: 0, checked: None, backoff }
    }

    /// Where to find the number of the connection that may be blocked; 0 while there is none.
    pub(super) fn client(&self) -> Arc<AtomicI64> {
        self.client.clone()
    }

    /// What there is room for, or comes within the wait.
    pub(super) async fn read(&mut self, room: Room) -> Result<Vec<Delivery>, BusError> {
        let mut found = Vec::new();
        let Err(error) = self.read_once(room, &mut found).await else {
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

    async fn read_once(&mut self, room: Room, found: &mut Vec<Delivery>) -> Result<(), BusError> {
        if self.connection.is_none() {
            self.connect().await?;
        }
        if self.checked.is_none_or(|at| at.elapsed() >= self.shared.limits.pending_check) {
            self.missed(found).await?;
            self.checked = Some(Instant::now());
        }
        if found.is_empty() {
            self.take_waiting(room, found).await?;
        }
        if found.is_empty() {
            self.wait_for_one(room, found).await?;
        }
        Ok(())
    }

    async fn connect(&mut self) -> Result<(), BusError> {
        self.checked = None;
        self.client.store(0, Ordering::Release);
        self.connection = Some(self.shared.link.dedicated(self.shared.limits.receive_wait).await?);
        if let Value::Int(number) = self.ask(cmd("CLIENT").arg("ID")).await? {
            self.client.store(number, Ordering::Release);
        }
        let shared = self.shared.clone();
        for keys in shared.domains().iter() {
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
        for keys in shared.domains().iter() {
            for queue in Queue::read_by(shared.me) {
                shared.not_held(keys, queue, &me, &mut line, found).await?;
            }
        }
        Ok(())
    }

    /// What waits already, without blocking.
    async fn take_waiting(&mut self, mut room: Room, found: &mut Vec<Delivery>) -> Result<(), BusError> {
        let domains = self.shared.domains();
        self.splits.resize_with(domains.len(), LaneSplit::default);
        self.turn = self.turn.wrapping_add(1);
        let (before, first) = domains.split_at(self.turn % domains.len());
        // Changes once every domain was first, so that none always gets the same one.
        let turn = self.turn / domains.len() % 2;
        for keys in first.iter().chain(before) {
            if room.is_open() {
                self.take_domain(keys, turn, &mut room, found).await?;
            }
        }
        Ok(())
    }

    async fn take_domain(
        &mut self,
        keys: &Keys,
        turn: usize,
        room: &mut Room,
        found: &mut Vec<Delivery>,
    ) -> Result<(), BusError> {
        let shared = self.shared.clone();
        let command = shared
            .script(&scripts::TAKE, keys)
            .args([GROUP, &shared.me.to_string()])
            .args([turn])
            .args([self.splits[keys.index].order(room.at(0))])
            .args([room.total])
            .args(room.depths);
        let mut lanes = room.at(0);
        for (queue, entries) in Queue::read_by(shared.me).zip(answer::list(self.ask(&command).await?)?) {
            let entries = answer::entries(entries)?;
            for _ in &entries {
                room.take(queue.depth());
            }
            if !matches!(queue, Queue::Lane(_)) {
                lanes = room.at(0);
            }
            found.extend(shared.take_over(keys, queue, entries).await);
        }
        self.splits[keys.index].quotas(lanes);
        Ok(())
    }

    /// Blocks until something comes for which there is room, and takes one of it: the next read takes the rest
    /// by its quotas.
    async fn wait_for_one(&mut self, room: Room, found: &mut Vec<Delivery>) -> Result<(), BusError> {
        let shared = self.shared.clone();
        let domains = shared.domains();
        let mut watched = Vec::new();
        for keys in domains.iter() {
            let open = Queue::read_by(shared.me).filter(|queue| room.at(queue.depth()) > 0);
            watched.extend(open.map(|queue| (keys.queue(queue), keys, queue)));
        }
        let command = cmd("XREADGROUP")
            .args(["GROUP", GROUP, &shared.me.to_string(), "COUNT", "1", "BLOCK"])
            .args([shared.limits.receive_wait.as_millis() as u64])
            .args(["STREAMS"])
            .args(watched.iter().map(|(key, ..)| key))
            .args(watched.iter().map(|_| ">"));
        for (key, entries) in answer::streams(self.ask(&command).await?)? {
            if let Some((_, keys, queue)) = watched.iter().find(|(watched, ..)| *watched == key) {
                found.extend(shared.take_over(keys, *queue, entries).await);
            }
        }
        Ok(())
    }
}
