//! The jobs that a client of events follows: all that happens to them, from the database, in order and once.

use crate::Api;
use crate::auth::Who;
use crate::jobs::visible;
use crate::types::{EventWord, FollowJob, JobTold};
use futures::future::select_all;
use skep_core::{DomainName, Fault, Identity, JobId};
use skep_router::JobWatch;

/// Jobs that one client follows at once.
pub const JOBS_FOLLOWED_MAX: usize = 16;
/// Events of one job that are read together; between two such parts other things are told.
const EVENTS_TOGETHER_MAX: u64 = 100;

/// What a client follows.
#[derive(Default)]
pub(super) struct Follows(Vec<Followed>);

struct Followed {
    id: JobId,
    domain: Option<DomainName>,
    /// The last event that was told.
    since: u64,
    watch: JobWatch,
}

impl Follows {
    /// Follows a job; anew, if it is followed already.
    pub(super) async fn add(
        &mut self,
        api: &Api,
        who: Identity,
        asked: FollowJob,
    ) -> Result<EventWord, Fault> {
        let FollowJob { job: id, since, domain } = asked;
        visible(api, &Who::new(who, domain.clone())?, id).await?;
        self.0.retain(|followed| followed.id != id);
        if self.0.len() >= JOBS_FOLLOWED_MAX {
            let why =
                format!("{JOBS_FOLLOWED_MAX} jobs are followed already: unfollow one, or connect again");
            return Err(Fault::invalid_input(why));
        }
        let mut watch = api.router().job_watch(id);
        watch.stir();
        self.0.push(Followed { id, domain, since, watch });
        Ok(self.now())
    }

    pub(super) fn remove(&mut self, id: JobId) -> EventWord {
        self.0.retain(|followed| followed.id != id);
        self.now()
    }

    fn now(&self) -> EventWord {
        EventWord::Following(self.0.iter().map(|followed| followed.id).collect())
    }

    /// Waits until there may be something to tell; says of which.
    pub(super) async fn stirred(&mut self) -> usize {
        if self.0.is_empty() {
            return std::future::pending().await;
        }
        select_all(self.0.iter_mut().map(|followed| Box::pin(followed.watch.stirred()))).await.1
    }

    /// What there is to tell of one of them. An error if nobody can say now.
    pub(super) async fn look(
        &mut self,
        at: usize,
        api: &Api,
        who: Identity,
    ) -> Result<Vec<EventWord>, Fault> {
        let Some(followed) = self.0.get_mut(at) else { return Ok(Vec::new()) };
        let (id, who) = (followed.id, Who::new(who, followed.domain.clone())?);
        // Looked at before the events are, so that what it says isn't newer than they are.
        let over = visible(api, &who, id).await?.state.is_over();
        let events = api.router().job_events(&who.domain, id, followed.since, EVENTS_TOGETHER_MAX).await?;
        let all = (events.len() as u64) < EVENTS_TOGETHER_MAX;
        followed.since = events.last().map_or(followed.since, |event| event.seq);
        let mut words: Vec<_> =
            events.into_iter().map(|event| EventWord::Job(JobTold { id, event })).collect();
        if !all {
            followed.watch.stir();
        } else if over {
            self.0.remove(at);
            words.push(EventWord::Over(id));
        }
        Ok(words)
    }

    /// No longer follows what may no longer be seen.
    pub(super) fn lose(&mut self, at: usize) {
        self.0.remove(at);
    }
}
