//! Those who listen on this host, each behind a bounded queue: who doesn't keep up is cut off, and nobody waits.

use crate::{Inner, Router};
use bytes::Bytes;
use parking_lot::Mutex;
use skep_core::{Event, Fault, Identity, Pattern};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Those who listen at once on one host.
pub const LISTENERS_MAX: usize = 256;
/// Patterns of one of them.
pub const PATTERNS_MAX: usize = 64;
/// Events that wait for one of them.
pub const EVENTS_WAITING_MAX: usize = 1024;
/// Bytes of those.
pub const EVENTS_WAITING_BYTES_MAX: usize = 1 << 20;

/// Everybody who listens on this host.
#[derive(Default)]
pub(crate) struct Hub(Mutex<Vec<Arc<Ear>>>);

struct Ear {
    wants: Mutex<Wants>,
    waiting: Mutex<Waiting>,
    more: Notify,
    /// Set once it didn't keep up.
    cut: CancellationToken,
}

/// Who it is, once known, and what is wanted.
#[derive(Default)]
struct Wants {
    who: Option<Identity>,
    patterns: Vec<Pattern>,
}

#[derive(Default)]
struct Waiting {
    events: VecDeque<Bytes>,
    bytes: usize,
    lost: Option<Lost>,
}

/// How many events were lost; nothing where nobody could count them.
type Lost = Option<u64>;

/// What comes to somebody who listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// An event, as JSON.
    Event(Bytes),
    /// So many events were lost; some, if nobody could count them.
    Lost(Option<u64>),
}

/// Somebody who listens, until this is dropped.
pub struct Listener {
    inner: Arc<Inner>,
    ear: Arc<Ear>,
}

impl Router {
    /// A place among those who listen. Nothing is heard before it is known who it is and what is wanted.
    pub fn listen(&self) -> Result<Listener, Fault> {
        let mut ears = self.0.hub.0.lock();
        if ears.len() >= LISTENERS_MAX {
            return Err(Fault::overloaded(format!(
                "{LISTENERS_MAX} listen to events on this host already: try again later, or another host"
            )));
        }
        let ear = Arc::new(Ear {
            wants: Mutex::default(),
            waiting: Mutex::default(),
            more: Notify::new(),
            cut: CancellationToken::new(),
        });
        ears.push(ear.clone());
        Ok(Listener { inner: self.0.clone(), ear })
    }
}

impl Hub {
    /// Gives an event to all who want it and may hear it.
    pub(crate) fn spread(&self, event: &Event) {
        let mut line = None;
        for ear in self.0.lock().iter().filter(|ear| ear.wants.lock().wants(event)) {
            let written = line.get_or_insert_with(|| serde_json::to_vec(event).map(Bytes::from));
            match written {
                Ok(line) => ear.put(line.clone()),
                Err(error) => return tracing::error!(%error, "an event can't be written"),
            }
        }
    }

    /// Tells all that events were lost on their way here. Of whom, nobody knows.
    pub(crate) fn lost(&self, count: Lost) {
        self.0.lock().iter().filter(|ear| ear.wants.lock().anything()).for_each(|ear| ear.lose(count));
    }
}

impl Wants {
    fn anything(&self) -> bool {
        self.who.is_some() && !self.patterns.is_empty()
    }

    fn wants(&self, event: &Event) -> bool {
        let fits = || self.patterns.iter().any(|pattern| pattern.fits(&event.topic));
        self.who.as_ref().is_some_and(|who| fits() && event.open_to(who))
    }
}

impl Ear {
    fn put(&self, line: Bytes) {
        if self.cut.is_cancelled() {
            return;
        }
        let mut waiting = self.waiting.lock();
        let bytes = waiting.bytes + line.len();
        if waiting.events.len() >= EVENTS_WAITING_MAX || bytes > EVENTS_WAITING_BYTES_MAX {
            *waiting = Waiting::default();
            self.cut.cancel();
        } else {
            waiting.bytes = bytes;
            waiting.events.push_back(line);
            self.more.notify_one();
        }
    }

    fn lose(&self, count: Lost) {
        let mut waiting = self.waiting.lock();
        waiting.lost = Some(match waiting.lost {
            None => count,
            Some(before) => before.zip(count).map(|(before, count)| before.saturating_add(count)),
        });
        self.more.notify_one();
    }

    fn take(&self) -> Option<Told> {
        let mut waiting = self.waiting.lock();
        if let Some(lost) = waiting.lost.take() {
            return Some(Told::Lost(lost));
        }
        let line = waiting.events.pop_front()?;
        waiting.bytes -= line.len();
        Some(Told::Event(line))
    }
}

impl Listener {
    /// Says who listens; anew, where somebody's rights may have changed.
    pub fn identify(&self, who: Identity) {
        self.ear.wants.lock().who = Some(who);
        self.heed();
    }

    /// Whether it is known who listens.
    pub fn identified(&self) -> bool {
        self.ear.wants.lock().who.is_some()
    }

    /// Wants what fits these patterns as well; gives all that is wanted then.
    pub fn subscribe(&self, patterns: Vec<Pattern>) -> Result<Vec<Pattern>, Fault> {
        let wanted = {
            let mut wants = self.ear.wants.lock();
            let mut wanted = wants.patterns.clone();
            for pattern in patterns {
                if !wanted.contains(&pattern) {
                    wanted.push(pattern);
                }
                if wanted.len() > PATTERNS_MAX {
                    return Err(Fault::invalid_input(format!(
                        "more than {PATTERNS_MAX} patterns: unsubscribe some, or use `*`"
                    )));
                }
            }
            wants.patterns.clone_from(&wanted);
            wanted
        };
        self.heed();
        Ok(wanted)
    }

    /// No longer wants what fits these patterns alone; gives all that is wanted then.
    pub fn unsubscribe(&self, patterns: &[Pattern]) -> Vec<Pattern> {
        let wanted = {
            let mut wants = self.ear.wants.lock();
            wants.patterns.retain(|pattern| !patterns.contains(pattern));
            wants.patterns.clone()
        };
        self.heed();
        wanted
    }

    /// What comes next.
    pub async fn next(&self) -> Told {
        loop {
            if let Some(told) = self.ear.take() {
                return told;
            }
            self.ear.more.notified().await;
        }
    }

    /// Waits until it is cut off, as more waited for it than may. What waited is gone.
    pub async fn cut_off(&self) {
        self.ear.cut.cancelled().await;
    }

    /// Lets the bus know whether anything is wanted here. Under the lock, so that the last word is the newest.
    fn heed(&self) {
        let ears = self.inner.hub.0.lock();
        self.inner.bus.listen(ears.iter().any(|ear| ear.wants.lock().anything()));
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.inner.hub.0.lock().retain(|ear| !Arc::ptr_eq(ear, &self.ear));
        self.heed();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skep_core::{Happening, Principal, SkillChange, SkillEvent};

    fn ear(hub: &Hub, patterns: &[&str]) -> Arc<Ear> {
        let who = Some(Identity::operator(Principal::Operator("ann".to_owned())));
        let patterns = patterns.iter().map(|pattern| pattern.parse().unwrap()).collect();
        let ear = Arc::new(Ear {
            wants: Mutex::new(Wants { who, patterns }),
            waiting: Mutex::default(),
            more: Notify::new(),
            cut: CancellationToken::new(),
        });
        hub.0.lock().push(ear.clone());
        ear
    }

    fn event(skill: &str) -> Event {
        let change = SkillChange { change: SkillEvent::Removed, version: None };
        Event::of_skill(&"main".parse().unwrap(), &skill.parse().unwrap(), Happening::Skill(change))
    }

    #[test]
    fn each_is_told_once_of_what_it_wants() {
        let hub = Hub::default();
        let both = ear(&hub, &["*.*.*", "main.*.skill"]);
        let one = ear(&hub, &["main.csv.*"]);
        hub.spread(&event("csv"));
        hub.spread(&event("other"));
        let count = |ear: &Ear| std::iter::from_fn(|| ear.take()).count();
        assert_eq!((count(&both), count(&one)), (2, 1));
    }

    #[test]
    fn who_does_not_keep_up_is_cut_off_and_holds_nothing_while_others_hear_on() {
        let hub = Hub::default();
        let (slow, quick) = (ear(&hub, &["*.*.*"]), ear(&hub, &["*.*.*"]));
        for _ in 0..EVENTS_WAITING_MAX {
            hub.spread(&event("csv"));
            assert!(matches!(quick.take(), Some(Told::Event(_))));
        }
        assert!(!slow.cut.is_cancelled());
        hub.spread(&event("csv"));
        assert!(slow.cut.is_cancelled() && slow.take().is_none());
        assert!(!quick.cut.is_cancelled() && quick.take().is_some());
        hub.spread(&event("csv"));
        assert!(slow.take().is_none() && quick.take().is_some());
    }

    #[test]
    fn bytes_are_bounded_as_well() {
        let hub = Hub::default();
        let ear = ear(&hub, &["*.*.*"]);
        let half = Bytes::from(vec![b'x'; EVENTS_WAITING_BYTES_MAX / 2]);
        ear.put(half.clone());
        ear.put(half.clone());
        assert!(!ear.cut.is_cancelled());
        assert!(ear.take().is_some());
        ear.put(half.clone());
        assert!(!ear.cut.is_cancelled(), "what was taken has made room");
        ear.put(half);
        assert!(ear.cut.is_cancelled());
    }

    #[test]
    fn losses_add_up_until_nobody_knows() {
        let hub = Hub::default();
        let ear = ear(&hub, &["*.*.*"]);
        hub.lost(Some(2));
        hub.lost(Some(3));
        assert_eq!(ear.take(), Some(Told::Lost(Some(5))));
        hub.lost(Some(2));
        hub.lost(None);
        hub.lost(Some(1));
        assert_eq!(ear.take(), Some(Told::Lost(None)));
        assert_eq!(ear.take(), None);
    }
}
