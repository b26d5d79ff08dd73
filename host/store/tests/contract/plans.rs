//! What the queries of jobs read on a server: as much as they bring, however many jobs there are.

use crate::ground::Ground;
use crate::jobs::{ROOM, job, wanted};
use crate::sample::{domain, name};
use bytes::Bytes;
use skep_core::{Incarnation, Job, JobEnd, JobId, JobState, Lane, NewJob, Principal, UnixMs};
use skep_harness::MariaDb;
use skep_store::{Ending, JobFilter, Store};

/// Jobs of each of two skills, which nothing may read all of.
const MANY: usize = 1_500;
/// Jobs that each query is to bring or to change.
const FEW: usize = 10;
/// Rows that are read for each of them at most: itself, its event, its locks, and looks at what comes next.
const READS: u64 = 12;

struct Books {
    ground: Ground,
    store: Store,
}

impl Books {
    /// Rows of jobs read by now, by all connections.
    async fn reads(&self) -> u64 {
        let sql = "SELECT CAST(COALESCE(SUM(rows_read), 0) AS CHAR) FROM information_schema.table_statistics \
            WHERE table_name LIKE 'job%'";
        self.ground.texts(sql).await[0].parse().unwrap()
    }

    /// What a query brings, having read little.
    async fn lean<T>(&self, what: &str, query: impl Future<Output = T>) -> T {
        let before = self.reads().await;
        let brought = query.await;
        let reads = self.reads().await - before;
        let most = READS * FEW as u64;
        assert!(reads <= most, "{what} reads {reads} rows, and {most} are enough");
        brought
    }

    async fn fill(&self) {
        // The oldest ones, of a skill and in a domain that have no others.
        let rare: Vec<_> = (0..FEW).flat_map(|_| [job("rare"), quiet()]).collect();
        self.store.jobs_create(&rare, &[], ROOM).await.unwrap();
        for skill in ["echo", "other"] {
            let lane = |n: usize| Lane::ALL[n % 3];
            let jobs: Vec<_> = (0..MANY).map(|n| NewJob { lane: lane(n), ..job(skill) }).collect();
            for batch in jobs.chunks(250) {
                let made = self.store.jobs_create(batch, &[], ROOM).await.unwrap();
                assert!(made.iter().all(Result::is_ok));
            }
        }
    }
}

fn quiet() -> NewJob {
    let mut job = job("echo");
    job.to.domain = "quiet".parse().unwrap();
    job
}

#[tokio::test(flavor = "multi_thread")]
async fn no_query_reads_more_than_it_brings_on_mariadb() {
    let ground = Ground::Mysql(MariaDb::start_with(&["--userstat=1"]).unwrap());
    let books = Books { store: ground.open().await, ground };
    books.fill().await;
    let (store, host, now) = (&books.store, Incarnation::fresh(), UnixMs::now());

    let jobs: Vec<_> =
        (0..FEW).map(|n| NewJob { idempotency_key: Some(n.to_string()), ..job("echo") }).collect();
    books.lean("jobs_create", store.jobs_create(&jobs, &[], ROOM)).await.unwrap();
    let due = books.lean("jobs_due", store.jobs_due()).await.unwrap();
    assert_eq!(due.len(), 4);
    let wanted = [wanted("echo", Lane::Hi, FEW / 2), wanted("other", Lane::Lo, FEW / 2)];
    let taken = books.lean("jobs_claim", store.jobs_claim(host, &wanted, now)).await.unwrap();
    assert_eq!(taken.len(), FEW);
    let held = books.lean("jobs_held", store.jobs_held(host, None)).await.unwrap();
    assert_eq!(held.len(), FEW);
    books.lean("job_cancel", store.job_cancel(&domain(), held[0].id, now)).await.unwrap();
    let stopping = books.lean("jobs_cancelling", store.jobs_cancelling(host)).await.unwrap();
    assert_eq!(stopping, [held[0].id]);
    books.lean("job_hosts", store.job_hosts()).await.unwrap();
    let (ended, left) = held.split_at(FEW / 2);
    let done = |job: &Job| Ending { job: job.clone(), end: JobEnd::Done(Bytes::from_static(b"1")), at: now };
    let endings: Vec<_> = ended.iter().map(done).collect();
    books.lean("jobs_end", store.jobs_end(&endings)).await.unwrap();
    books.lean("jobs_release", store.jobs_release(host, 0, left, now, 0.0)).await.unwrap();
    books.lean("job_events", store.job_events(&domain(), ended[0].id, 0, 100)).await.unwrap();

    full(&books, host).await;
    lists(&books, jobs[0].id).await;
    let forgotten = books.lean("jobs_forget", store.jobs_forget(UnixMs(now.0 + 1))).await.unwrap();
    assert_eq!(forgotten, ended.len());
}

/// What an answer doesn't carry isn't looked for.
async fn full(books: &Books, host: Incarnation) {
    let large = || NewJob { input: vec![b'1'; 3 << 20].into(), ..job("large") };
    books.store.jobs_create(&[large(), large()], &[], ROOM).await.unwrap();
    let others = Lane::ALL.map(|lane| wanted("other", lane, MANY));
    let wanted = [vec![wanted("large", Lane::No, 2)], others.to_vec()].concat();
    let claiming = books.store.jobs_claim(host, &wanted, UnixMs::now());
    assert_eq!(books.lean("jobs_claim of what is full", claiming).await.unwrap().len(), 1);
}

async fn lists(books: &Books, older: JobId) {
    let some = JobFilter { limit: Some(FEW as u64), ..JobFilter::default() };
    let filters = [
        ("nothing", some.clone()),
        ("a skill", JobFilter { skill: Some(name("echo")), ..some.clone() }),
        ("a rare skill", JobFilter { skill: Some(name("rare")), ..some.clone() }),
        (
            "a rare skill and a state",
            JobFilter { skill: Some(name("rare")), state: Some(JobState::Waiting), ..some.clone() },
        ),
        ("a state", JobFilter { state: Some(JobState::Done), ..some.clone() }),
        (
            "a skill and a state",
            JobFilter { skill: Some(name("echo")), state: Some(JobState::Waiting), ..some.clone() },
        ),
        ("an owner", JobFilter { owner: Some(Principal::Key("k".to_owned())), ..some.clone() }),
        ("another owner", JobFilter { owner: Some(Principal::Key("l".to_owned())), ..some.clone() }),
        ("what is older", JobFilter { before: Some(older), ..some.clone() }),
    ];
    for (what, filter) in filters {
        books.lean(&format!("job_list by {what}"), books.store.job_list(&domain(), &filter)).await.unwrap();
    }
    let quiet = "quiet".parse().unwrap();
    let few = books.lean("job_list of a quiet domain", books.store.job_list(&quiet, &some)).await.unwrap();
    assert_eq!(few.len(), FEW);
}
