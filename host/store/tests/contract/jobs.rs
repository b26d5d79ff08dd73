//! Jobs: accepted once, taken by one host at a time, ended by whoever took them last, lost by nobody.

use crate::ground::{Ground, on_both};
use crate::sample::{chain, domain, event, name};
use bytes::Bytes;
use skep_core::{
    ClaimedJob, Fault, INTERRUPTIONS_MAX, Incarnation, Job, JobEnd, JobId, JobState, JobStep, Lane, NewJob,
    Principal, Setback, Target, UnixMs,
};
use skep_store::{
    AuditFilter, Ending, JOB_ANSWER_NAME_BYTES_MAX, JobAnswers, JobFilter, JobRoom, Queue, Store, StoreError,
    Wanted,
};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::task::JoinSet;

on_both! {
    what_is_accepted_is_there_with_its_record_and_its_first_step,
    one_piece_of_work_is_one_job,
    what_finds_no_room_is_refused_alone,
    jobs_are_taken_by_lane_when_they_are_due,
    of_many_hosts_one_takes_a_job,
    only_the_last_taker_ends_a_job,
    a_job_is_tried_again_and_a_dead_letter_when_somebody_wants_it,
    a_task_that_failed_has_failed_for_good,
    waiting_jobs_are_cancelled_at_once_and_running_ones_are_asked_to_stop,
    what_outlives_its_hosts_too_often_is_a_dead_letter,
    of_what_may_kill_hosts_one_is_under_way_at_a_time,
    jobs_are_forgotten_once_they_are_over_for_long,
    everybody_finds_their_own_jobs,
    answers_are_kept_as_they_were_first_given_and_go_with_their_job,
}

pub(crate) const ROOM: JobRoom = JobRoom { skill: 2_000, domain: 10_000 };

pub(crate) fn job(skill: &str) -> NewJob {
    let to = Target { domain: domain(), skill: name(skill), version: None, tool: None };
    let input = Bytes::from_static(b"{\"a\":\"\xc3\xa4\"}");
    let job = NewJob::new(to, input, vec![Principal::Key("k".to_owned())]);
    let now = job.accepted;
    job.within(now, Duration::from_secs(60))
}

pub(crate) fn keyed(skill: &str, key: &str) -> NewJob {
    NewJob { idempotency_key: Some(key.to_owned()), ..job(skill) }
}

async fn create(store: &Store, jobs: &[NewJob]) -> Vec<Result<Job, StoreError>> {
    store.jobs_create(jobs, &[], ROOM).await.unwrap()
}

pub(crate) async fn created(store: &Store, new: NewJob) -> Job {
    create(store, &[new]).await.remove(0).unwrap()
}

fn queue(skill: &str) -> Queue {
    Queue { domain: domain(), skill: name(skill) }
}

pub(crate) fn wanted(skill: &str, lane: Lane, count: usize) -> Wanted {
    Wanted { queue: queue(skill), lane, count }
}

pub(crate) async fn claim(store: &Store, host: Incarnation, count: usize) -> Vec<ClaimedJob> {
    store.jobs_claim(host, &[wanted("echo", Lane::No, count)], UnixMs::now()).await.unwrap()
}

pub(crate) async fn end(store: &Store, job: &Job, end: JobEnd) -> bool {
    let ending = Ending { job: job.clone(), end, at: UnixMs::now() };
    store.jobs_end(&[ending]).await.unwrap()[0]
}

pub(crate) async fn load(store: &Store, id: JobId) -> Job {
    store.job_load(&domain(), id).await.unwrap().unwrap()
}

pub(crate) async fn steps(store: &Store, id: JobId) -> Vec<JobStep> {
    let events = store.job_events(&domain(), id, 0, 100).await.unwrap();
    let seqs: Vec<_> = events.iter().map(|event| event.seq).collect();
    assert_eq!(seqs, (1..=events.len() as u64).collect::<Vec<_>>(), "no gaps");
    events.into_iter().map(|event| event.step).collect()
}

pub(crate) async fn waiting(store: &Store) -> u64 {
    store.jobs_due().await.unwrap().iter().map(|due| due.waiting).sum()
}

async fn what_is_accepted_is_there_with_its_record_and_its_first_step(ground: Ground) {
    let store = ground.open().await;
    let new = keyed("echo", "ä");
    let records = chain(&[event("echo", 1)]);
    let accepted = store.jobs_create(std::slice::from_ref(&new), &records, ROOM).await.unwrap().remove(0);
    let accepted = accepted.unwrap();
    assert_eq!(load(&store, new.id).await, accepted);
    assert_eq!((accepted.state, accepted.attempt, &accepted.terms), (JobState::Waiting, 0, &new.terms));
    assert_eq!(store.audit_list(&AuditFilter::default()).await.unwrap()[0].record, records[0]);
    assert_eq!(steps(&store, new.id).await, [JobStep::Accepted]);
    // The same again is what happens after an answer that was lost.
    let again = store.jobs_create(std::slice::from_ref(&new), &records, ROOM).await.unwrap().remove(0);
    assert_eq!(again.unwrap(), accepted);
    assert_eq!((waiting(&store).await, steps(&store, new.id).await.len()), (1, 1));
    let other = "other".parse().unwrap();
    assert_eq!(store.job_load(&other, new.id).await.unwrap(), None);
    assert!(store.job_events(&other, new.id, 0, 100).await.unwrap().is_empty());
}

async fn one_piece_of_work_is_one_job(ground: Ground) {
    let store = ground.open().await;
    let first = created(&store, keyed("echo", "k1")).await;
    let batch = [keyed("echo", "k1"), keyed("echo", "k2"), keyed("echo", "k2"), job("echo")];
    let outcomes: Vec<_> = create(&store, &batch).await.into_iter().map(|job| job.unwrap().id).collect();
    assert_eq!(outcomes, [first.id, batch[1].id, batch[1].id, batch[3].id]);
    let mut foreign = keyed("echo", "k1");
    foreign.terms.chain = vec![Principal::Key("l".to_owned())];
    assert_ne!(created(&store, foreign).await.id, first.id, "a key is its principal's alone");
    let other = NewJob { input: Bytes::from_static(b"{}"), ..keyed("echo", "k1") };
    let refused = create(&store, &[other]).await.remove(0);
    assert!(matches!(refused, Err(StoreError::OtherWork { id, .. }) if id == first.id), "{refused:?}");
    // Hosts that accept the same work at once accept it once.
    let mut hosts = JoinSet::new();
    for _ in 0..8 {
        let store = ground.open().await;
        hosts.spawn(async move { created(&store, keyed("echo", "race")).await.id });
    }
    let ids: BTreeSet<_> = hosts.join_all().await.into_iter().collect();
    assert_eq!(ids.len(), 1);
}

async fn what_finds_no_room_is_refused_alone(ground: Ground) {
    let store = ground.open().await;
    let room = JobRoom { skill: 2, domain: 3 };
    let batch = [job("echo"), job("echo"), job("echo"), job("other"), job("other")];
    let outcomes = store.jobs_create(&batch, &[], room).await.unwrap();
    let full: Vec<_> = outcomes.iter().map(|o| matches!(o, Err(StoreError::Full(_)))).collect();
    assert_eq!(full, [false, false, true, false, true]);
    assert_eq!(waiting(&store).await, 3);
    assert_eq!(store.job_load(&domain(), batch[2].id).await.unwrap(), None);
    // What is taken makes room.
    claim(&store, Incarnation::fresh(), 1).await;
    assert!(store.jobs_create(&[job("echo")], &[], room).await.unwrap()[0].is_ok());
}

async fn jobs_are_taken_by_lane_when_they_are_due(ground: Ground) {
    let store = ground.open().await;
    let now = UnixMs::now();
    let later = NewJob { due: UnixMs(now.0 + 3_600_000), ..job("echo") };
    let older = NewJob { due: UnixMs(now.0 - 5_000), ..job("echo") };
    let hi = NewJob { lane: Lane::Hi, ..job("echo") };
    let batch = [later, job("echo"), older, hi, job("other")];
    create(&store, &batch).await.into_iter().for_each(|job| drop(job.unwrap()));
    let host = Incarnation::fresh();
    let lanes = [wanted("echo", Lane::Hi, 8), wanted("echo", Lane::No, 8), wanted("echo", Lane::Lo, 8)];
    let taken = store.jobs_claim(host, &lanes, UnixMs::now()).await.unwrap();
    let ids: Vec<_> = taken.iter().map(|taken| taken.job.id).collect();
    assert_eq!(ids, [batch[3].id, batch[2].id, batch[1].id]);
    assert!(taken.iter().all(|t| (t.job.attempt, t.job.fence, t.job.host) == (1, 1, Some(host))));
    assert_eq!(taken[0].input, batch[3].input);
    let mut left = store.jobs_due().await.unwrap();
    left.sort_by(|a, b| a.queue.cmp(&b.queue));
    assert_eq!(
        left.iter().map(|due| (&due.queue, due.waiting)).collect::<Vec<_>>(),
        [(&queue("echo"), 1), (&queue("other"), 1)]
    );
    assert_eq!(
        left.iter().map(|left| left.due).collect::<Vec<_>>(),
        [[None, Some(batch[0].due), None], [None, Some(batch[4].due), None]]
    );
    let held: Vec<_> = store.jobs_held(host, None).await.unwrap().iter().map(|job| job.id).collect();
    assert_eq!(held.iter().collect::<BTreeSet<_>>(), ids.iter().collect());
    assert_eq!(store.job_hosts().await.unwrap(), [(host, 0)].into());
}

async fn of_many_hosts_one_takes_a_job(ground: Ground) {
    let store = ground.open().await;
    let batch: Vec<_> = (0..100).map(|_| job("echo")).collect();
    create(&store, &batch).await;
    let mut hosts = JoinSet::new();
    for _ in 0..8 {
        let store = ground.open().await;
        hosts.spawn(async move {
            let host = Incarnation::fresh();
            let mut taken = Vec::new();
            while waiting(&store).await > 0 {
                taken.extend(claim(&store, host, 7).await.into_iter().map(|t| t.job.id));
            }
            taken
        });
    }
    let taken: Vec<_> = hosts.join_all().await.concat();
    assert_eq!(taken.len(), 100);
    assert_eq!(taken.into_iter().collect::<BTreeSet<_>>(), batch.iter().map(|job| job.id).collect());
}

async fn only_the_last_taker_ends_a_job(ground: Ground) {
    let store = ground.open().await;
    let id = created(&store, job("echo")).await.id;
    let zombie = Incarnation::fresh();
    let before = claim(&store, zombie, 1).await.remove(0).job;
    store.jobs_release(zombie, 0, std::slice::from_ref(&before), UnixMs::now(), 0.0).await.unwrap();
    let now = claim(&store, Incarnation::fresh(), 1).await.remove(0).job;
    assert_eq!((now.attempt, now.fence, now.interruptions), (2, 3, 1));
    assert!(!end(&store, &before, JobEnd::Done(Bytes::from_static(b"1"))).await, "the zombie is fenced off");
    assert!(end(&store, &now, JobEnd::Done(Bytes::from_static(b"2"))).await);
    // The same again is what happens after an answer that was lost.
    assert!(end(&store, &now, JobEnd::Done(Bytes::from_static(b"2"))).await);
    let over = load(&store, id).await;
    assert_eq!((over.state, over.result), (JobState::Done, Some(Ok(Bytes::from_static(b"2")))));
    assert!(over.ended.is_some() && over.host.is_none());
    let steps = steps(&store, id).await;
    let expect = [JobStep::Accepted, JobStep::Started, JobStep::Interrupted, JobStep::Started, JobStep::Done];
    assert_eq!(steps, expect);
}

async fn a_job_is_tried_again_and_a_dead_letter_when_somebody_wants_it(ground: Ground) {
    let store = ground.open().await;
    let id = created(&store, job("echo")).await.id;
    let host = Incarnation::fresh();
    let taken = claim(&store, host, 1).await.remove(0).job;
    let fault = Fault::unavailable("ä");
    let due = UnixMs(UnixMs::now().0 + 3_600_000);
    assert!(end(&store, &taken, JobEnd::Again(Setback::Failed, fault.clone(), due)).await);
    let again = load(&store, id).await;
    assert_eq!((again.state, again.due, again.failures), (JobState::Waiting, due, 1));
    assert_eq!(again.result, Some(Err(fault.clone())));
    assert!(claim(&store, host, 1).await.is_empty(), "it isn't due");

    let other = created(&store, job("echo")).await.id;
    let taken = claim(&store, host, 1).await.remove(0).job;
    assert!(end(&store, &taken, JobEnd::Dead(Setback::Failed, fault.clone())).await);
    let dead = JobFilter { state: Some(JobState::Dead), ..JobFilter::default() };
    let letters = store.job_list(&domain(), &dead).await.unwrap();
    assert_eq!((letters.len(), letters[0].id, &letters[0].result), (1, other, &Some(Err(fault))));
    let refused = store.job_retry(&domain(), id, UnixMs::now()).await;
    assert!(matches!(refused, Err(StoreError::JobState { state: JobState::Waiting, .. })), "{refused:?}");
    let retried = store.job_retry(&domain(), other, UnixMs::now()).await.unwrap();
    assert_eq!((retried.state, retried.ended, retried.failures), (JobState::Waiting, None, 0));
    let taken = claim(&store, host, 1).await.remove(0).job;
    assert_eq!((taken.id, taken.attempt, taken.attempts_before), (other, 2, 1));
    assert!(end(&store, &taken, JobEnd::Dead(Setback::Failed, Fault::unavailable("ä"))).await);
    store.job_retry(&domain(), other, UnixMs::now()).await.unwrap();
    let taken = claim(&store, host, 1).await.remove(0).job;
    assert_eq!((taken.attempt, taken.attempts_before), (3, 2));
    assert!(end(&store, &taken, JobEnd::Done(Bytes::from_static(b"1"))).await);
}

async fn a_task_that_failed_has_failed_for_good(ground: Ground) {
    let store = ground.open().await;
    let mut task = job("echo");
    task.terms.task = true;
    let id = created(&store, task).await.id;
    let taken = claim(&store, Incarnation::fresh(), 1).await.remove(0).job;
    assert!(end(&store, &taken, JobEnd::Dead(Setback::Failed, Fault::tool_error("ä"))).await);
    let refused = store.job_retry(&domain(), id, UnixMs::now()).await.unwrap_err();
    assert!(matches!(refused, StoreError::JobState { state: JobState::Dead, .. }), "{refused:?}");
    assert!(refused.to_string().contains("ask for it anew"), "{refused}");
}

async fn waiting_jobs_are_cancelled_at_once_and_running_ones_are_asked_to_stop(ground: Ground) {
    let store = ground.open().await;
    let [first, second] = [created(&store, job("echo")).await.id, created(&store, job("echo")).await.id];
    let cancelled = store.job_cancel(&domain(), second, UnixMs::now()).await.unwrap();
    assert_eq!((cancelled.state, waiting(&store).await), (JobState::Cancelled, 1));
    let over = store.job_cancel(&domain(), second, UnixMs::now()).await;
    assert!(matches!(over, Err(StoreError::JobState { state: JobState::Cancelled, .. })), "{over:?}");
    let taken = claim(&store, Incarnation::fresh(), 8).await;
    assert_eq!(taken.iter().map(|t| t.job.id).collect::<Vec<_>>(), [first]);
    for _ in 0..2 {
        assert!(store.job_cancel(&domain(), first, UnixMs::now()).await.unwrap().cancelling);
    }
    let host = taken[0].job.host.unwrap();
    assert_eq!(store.jobs_cancelling(host).await.unwrap(), [first]);
    assert!(end(&store, &taken[0].job, JobEnd::Cancelled).await);
    assert_eq!(store.jobs_cancelling(host).await.unwrap(), []);
    let expect = [JobStep::Accepted, JobStep::Started, JobStep::Cancelling, JobStep::Cancelled];
    assert_eq!(steps(&store, first).await, expect);
    let gone = store.job_cancel(&domain(), JobId::fresh(), UnixMs::now()).await;
    assert!(matches!(gone, Err(StoreError::NotFound(_))), "{gone:?}");
}

async fn what_outlives_its_hosts_too_often_is_a_dead_letter(ground: Ground) {
    let store = ground.open().await;
    let id = created(&store, job("echo")).await.id;
    for death in 1..=INTERRUPTIONS_MAX {
        let host = Incarnation::fresh();
        let taken: Vec<_> = claim(&store, host, 1).await.into_iter().map(|taken| taken.job).collect();
        assert_eq!(taken.len(), 1, "death {death}");
        for _ in 0..2 {
            assert_eq!(store.jobs_release(host, 0, &taken, UnixMs::now(), 0.0).await, Ok(true));
        }
    }
    let dead = load(&store, id).await;
    assert_eq!(
        (dead.state, dead.interruptions, waiting(&store).await),
        (JobState::Dead, INTERRUPTIONS_MAX, 0)
    );
    let Some(Err(fault)) = dead.result else { panic!("{dead:?}") };
    assert!(fault.message.contains("hosts died"), "{fault}");
    assert!(claim(&store, Incarnation::fresh(), 1).await.is_empty());
}

async fn of_what_may_kill_hosts_one_is_under_way_at_a_time(ground: Ground) {
    let store = ground.open().await;
    for _ in 0..2 {
        created(&store, job("echo")).await;
    }
    for _ in 1..INTERRUPTIONS_MAX {
        let host = Incarnation::fresh();
        let taken = claim(&store, host, 2).await;
        assert_eq!(taken.len(), 2);
        for taken in taken {
            store.jobs_release(host, 0, &[taken.job], UnixMs::now(), 0.0).await.unwrap();
        }
    }
    created(&store, job("echo")).await;
    let [one, other] = [Incarnation::fresh(), Incarnation::fresh()];
    let strikes = |taken: &[ClaimedJob]| {
        let mut strikes: Vec<_> = taken.iter().map(|taken| taken.job.interruptions).collect();
        strikes.sort_unstable();
        strikes
    };
    let taken = claim(&store, one, 2).await;
    assert_eq!(strikes(&taken), [0, INTERRUPTIONS_MAX - 1]);
    for host in [one, other] {
        assert!(claim(&store, host, 2).await.is_empty());
    }
    for taken in &taken {
        assert!(end(&store, &taken.job, JobEnd::Done(Bytes::from_static(b"1"))).await);
    }
    assert_eq!(strikes(&claim(&store, other, 2).await), [INTERRUPTIONS_MAX - 1]);
}

async fn jobs_are_forgotten_once_they_are_over_for_long(ground: Ground) {
    let store = ground.open().await;
    let [over, open] = [created(&store, job("echo")).await.id, created(&store, job("other")).await.id];
    let taken = claim(&store, Incarnation::fresh(), 1).await.remove(0).job;
    assert!(end(&store, &taken, JobEnd::Done(Bytes::from_static(b"1"))).await);
    assert_eq!(store.jobs_forget(taken.accepted).await.unwrap(), 0);
    assert_eq!(store.jobs_forget(UnixMs(UnixMs::now().0 + 1)).await.unwrap(), 1);
    assert_eq!(store.job_load(&domain(), over).await.unwrap(), None);
    assert!(store.job_events(&domain(), over, 0, 100).await.unwrap().is_empty());
    assert_eq!(load(&store, open).await.state, JobState::Waiting);
}

async fn everybody_finds_their_own_jobs(ground: Ground) {
    let store = ground.open().await;
    let own = created(&store, job("echo")).await.id;
    let mut foreign = job("echo");
    foreign.terms.chain = vec![Principal::Agent("ä".repeat(300))];
    created(&store, foreign).await;
    let of = |owner| JobFilter { owner: Some(owner), ..JobFilter::default() };
    let found = store.job_list(&domain(), &of(Principal::Key("k".to_owned()))).await.unwrap();
    assert_eq!(found.iter().map(|job| job.id).collect::<Vec<_>>(), [own]);
    assert_eq!(store.job_list(&domain(), &of(Principal::Agent("ä".repeat(300)))).await.unwrap().len(), 1);
    assert_eq!(store.job_list(&domain(), &JobFilter::default()).await.unwrap().len(), 2);
}

async fn answers_are_kept_as_they_were_first_given_and_go_with_their_job(ground: Ground) {
    let store = ground.open().await;
    let asking = created(&store, keyed("echo", "k")).await;
    let answers = |pairs: &[(&str, &str)]| -> JobAnswers {
        pairs.iter().map(|(name, answer)| ((*name).to_owned(), (*answer).into())).collect()
    };
    store.job_answer(asking.id, &answers(&[("a", "ä")])).await.unwrap();
    store.job_answer(asking.id, &answers(&[("a", "late"), ("b", "2")])).await.unwrap();
    assert_eq!(store.job_answers(asking.id).await.unwrap(), answers(&[("a", "ä"), ("b", "2")]));
    let long = "n".repeat(JOB_ANSWER_NAME_BYTES_MAX + 1);
    let refused = store.job_answer(asking.id, &answers(&[(&long, "")])).await;
    assert!(matches!(refused, Err(StoreError::TooLarge { .. })), "{refused:?}");

    assert_eq!(store.job_input(&domain(), asking.id).await.unwrap(), Some(job("echo").input));
    let (owner, other) = (Principal::Key("k".to_owned()), Principal::Key("l".to_owned()));
    assert_eq!(store.job_of_key(&domain(), &owner, "k").await.unwrap().unwrap().id, asking.id);
    assert_eq!(store.job_of_key(&domain(), &other, "k").await.unwrap(), None);

    store.job_cancel(&domain(), asking.id, UnixMs::now()).await.unwrap();
    assert_eq!(store.jobs_forget(UnixMs(UnixMs::now().0 + 1)).await.unwrap(), 1);
    assert!(store.job_answers(asking.id).await.unwrap().is_empty());
    assert_eq!(store.job_input(&domain(), asking.id).await.unwrap(), None);
}
