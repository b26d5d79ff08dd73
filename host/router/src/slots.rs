//! Room on this host: who may compute, and how many calls of each depth may live.
//!
//! A call that waits for another skill gives its slot back and goes on living. Each depth of calls has
//! living room of its own here, and places of its own among its skill's on the bus; and a call only ever
//! waits for deeper ones: so however many parents wait, there is room for the children that they wait for, and never more than slots x depth instances.

use futures::future::select_all;
use parking_lot::Mutex;
use skep_bus::Room;
use skep_core::CALL_DEPTH_MAX;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The slots of a host.
pub(crate) struct Slots {
    computing: Arc<Semaphore>,
    living: [Arc<Semaphore>; CALL_DEPTH_MAX],
    /// What may live at each depth.
    slots: usize,
}

impl Slots {
    pub(crate) fn new(slots: usize) -> Self {
        let semaphore = || Arc::new(Semaphore::new(slots));
        Self { computing: semaphore(), living: std::array::from_fn(|_| semaphore()), slots }
    }

    /// Waits until a call may compute here, and says for which there is room, `most` at once.
    pub(crate) async fn room(&self, most: usize) -> Room {
        // The slots are never closed.
        drop(self.computing.acquire().await);
        let depths = std::array::from_fn(|depth| self.living[depth].available_permits());
        Room { total: self.computing.available_permits().clamp(1, most), depths }
    }

    /// Waits until there is room at a depth at which `room` had none.
    pub(crate) async fn opened(&self, room: Room) {
        let closed = self.living.iter().zip(room.depths).filter(|(_, free)| *free == 0);
        let opening: Vec<_> = closed.map(|(living, _)| Box::pin(living.acquire())).collect();
        if opening.is_empty() {
            return std::future::pending().await;
        }
        drop(select_all(opening).await);
    }

    /// How many calls live, of any depth.
    pub(crate) fn living(&self) -> usize {
        let living = |free: &Arc<Semaphore>| self.slots.saturating_sub(free.available_permits());
        self.living.iter().map(living).sum()
    }

    /// A place for a call of this depth, once there is one.
    pub(crate) async fn place(&self, depth: usize) -> Place {
        let living = &self.living[depth.min(CALL_DEPTH_MAX - 1)];
        let living = living.clone().acquire_owned().await.ok();
        let computing = self.computing.clone().acquire_owned().await.ok();
        Place { slots: self.computing.clone(), computing: Mutex::new(computing), _living: living }
    }
}

/// The place of one call, until it is dropped.
pub(crate) struct Place {
    slots: Arc<Semaphore>,
    computing: Mutex<Option<OwnedSemaphorePermit>>,
    _living: Option<OwnedSemaphorePermit>,
}

impl Place {
    /// Waits for `work` without holding a slot, and takes one again before it goes on.
    pub(crate) async fn aside<T>(&self, work: impl Future<Output = T>) -> T {
        drop(self.computing.lock().take());
        let done = work.await;
        let again = self.slots.clone().acquire_owned().await.ok();
        *self.computing.lock() = again;
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    #[tokio::test]
    async fn a_waiting_parent_leaves_room_for_its_child_and_goes_on_after_it() {
        let slots = Slots::new(1);
        let parent = slots.place(0).await;
        assert!(timeout(Duration::from_millis(20), slots.place(1)).await.is_err(), "the slot is taken");
        let child = async {
            let _child = slots.place(1).await;
            assert_eq!([0, 1].map(|depth| slots.living[depth].available_permits()), [0, 0]);
        };
        parent.aside(child).await;
        assert!(timeout(Duration::from_millis(20), slots.place(1)).await.is_err(), "it was taken again");
        drop(parent);
        assert_eq!(slots.room(8).await, Room { total: 1, depths: [1; CALL_DEPTH_MAX] });
    }

    #[tokio::test]
    async fn room_that_opens_is_told() {
        let slots = Slots::new(1);
        let parent = slots.place(0).await;
        let room = parent.aside(slots.room(8)).await;
        assert_eq!(room.depths, [0, 1, 1, 1]);
        assert!(timeout(Duration::from_millis(20), slots.opened(room)).await.is_err());
        drop(parent);
        slots.opened(room).await;
    }

    #[tokio::test]
    async fn parents_that_wait_keep_their_living_room() {
        let slots = Slots::new(2);
        let parents = [slots.place(0).await, slots.place(0).await];
        let waiting = futures::future::join_all(parents.iter().map(|parent| {
            parent.aside(async {
                assert!(timeout(Duration::from_millis(20), slots.place(0)).await.is_err(), "no third parent");
            })
        }));
        waiting.await;
    }
}
