//! What the durable lane costs the database: accept, take and end, at many depths of the queue, next to a plain loop of
//! `INSERT … COMMIT` with groups of the same size. `DEPTHS=1000,1000000` measures at others.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use bytes::Bytes;
use mysql_async::prelude::Queryable;
use skep_core::{
    AuditAction, AuditChain, AuditEvent, AuditRecord, DomainName, Incarnation, Job, JobEnd, JobId, Lane,
    NewJob, Principal, Target, UnixMs,
};
use skep_harness::MariaDb;
use skep_store::{Ending, JobRoom, Queue, Store, Wanted};
use std::time::{Duration, Instant};

const DEPTHS: &str = "1000,10000,100000";
/// Groups, each with how many of them are measured.
const GROUPS: [(usize, usize); 4] = [(1, 200), (16, 80), (64, 40), (256, 20)];
const INPUT: &str = r#"{"text":"an input of a usual size, some sixty bytes long"}"#;
const ROOM: JobRoom = JobRoom { skill: u64::MAX, domain: u64::MAX };
/// A commit is on the disk when it is answered, as it must be, and the tables are held in memory.
const OPTIONS: [&str; 4] = [
    "--innodb-flush-log-at-trx-commit=1",
    "--innodb-flush-method=fsync",
    "--innodb-buffer-pool-size=3G",
    "--innodb-log-file-size=512M",
];

struct Bench {
    plain: mysql_async::Conn,
    store: Store,
    chain: AuditChain,
}

/// In microseconds.
fn middle(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e6
}

#[tokio::main]
async fn main() {
    let server = MariaDb::start_with(&OPTIONS).unwrap();
    let store = Store::open(&server.url().parse().unwrap()).await.unwrap();
    let mut plain = mysql_async::Conn::from_url(server.url()).await.unwrap();
    plain
        .query_drop("CREATE TABLE plain (id VARCHAR(36) NOT NULL PRIMARY KEY, input LONGBLOB NOT NULL)")
        .await
        .unwrap();
    let mut bench = Bench { plain, store, chain: AuditChain::new(Incarnation::fresh(), [7; 32]) };
    let depths = std::env::var("DEPTHS").unwrap_or_else(|_| DEPTHS.to_owned());
    println!(
        "µs for each job, and for one look at what waits; `x` is accept next to plain, `all` is accept, take and end next to plain"
    );
    println!(
        "{:>9} {:>5} {:>8} {:>8} {:>6} {:>8} {:>8} {:>6} {:>9}",
        "queued", "group", "plain", "accept", "x", "take", "end", "all", "a look"
    );
    for depth in depths.split(',').map(|depth| depth.parse().unwrap()) {
        bench.fill(depth).await;
        for (group, groups) in GROUPS {
            bench.measure(depth, group, groups).await;
        }
    }
}

impl Bench {
    /// Each in turn, so that what else the machine does meets all alike; of each the middle of all its times.
    async fn measure(&mut self, depth: usize, group: usize, groups: usize) {
        let mut took = [const { Vec::new() }; 5];
        for _ in 0..groups {
            took[0].push(self.plain(group).await);
            took[1].push(self.accept(group).await);
            let (taken, take) = self.take(group).await;
            took[2].push(take);
            took[3].push(self.end(taken).await);
            took[4].push(self.look().await);
        }
        let [plain, accept, take, end, look] = took.map(middle);
        let [plain, accept, take, end] = [plain, accept, take, end].map(|time| time / group as f64);
        let (x, all) = (accept / plain, (accept + take + end) / plain);
        println!(
            "{depth:>9} {group:>5} {plain:>8.1} {accept:>8.1} {x:>6.2} {take:>8.1} {end:>8.1} {all:>6.2} {look:>8.1}"
        );
    }

    async fn plain(&mut self, group: usize) -> Duration {
        let sql = format!("INSERT INTO plain (id, input) VALUES {}", vec!["(?, ?)"; group].join(", "));
        let row = |_| [JobId::fresh().to_string().into(), INPUT.into()];
        let values: Vec<mysql_async::Value> = (0..group).flat_map(row).collect();
        let begun = Instant::now();
        self.plain.query_drop("START TRANSACTION").await.unwrap();
        self.plain.exec_drop(&sql, values).await.unwrap();
        self.plain.query_drop("COMMIT").await.unwrap();
        begun.elapsed()
    }

    async fn accept(&mut self, group: usize) -> Duration {
        let jobs: Vec<_> = (0..group).map(|_| job()).collect();
        let records: Vec<_> = jobs.iter().map(|job| self.record(job)).collect();
        let begun = Instant::now();
        let made = self.store.jobs_create(&jobs, &records, ROOM).await.unwrap();
        let took = begun.elapsed();
        assert!(made.iter().all(Result::is_ok));
        took
    }

    async fn take(&mut self, group: usize) -> (Vec<Job>, Duration) {
        let wanted = [Wanted { queue: queue(), lane: Lane::No, count: group }];
        let begun = Instant::now();
        let taken = self.store.jobs_claim(Incarnation::fresh(), &wanted, UnixMs::now()).await.unwrap();
        let took = begun.elapsed();
        assert_eq!(taken.len(), group);
        (taken.into_iter().map(|taken| taken.job).collect(), took)
    }

    async fn end(&mut self, taken: Vec<Job>) -> Duration {
        let output = Bytes::from_static(INPUT.as_bytes());
        let end = |job| Ending { job, end: JobEnd::Done(output.clone()), at: UnixMs::now() };
        let endings: Vec<_> = taken.into_iter().map(end).collect();
        let begun = Instant::now();
        let held = self.store.jobs_end(&endings).await.unwrap();
        let took = begun.elapsed();
        assert!(held.iter().all(|held| *held));
        took
    }

    async fn look(&mut self) -> Duration {
        let begun = Instant::now();
        assert_eq!(self.store.jobs_due().await.unwrap().len(), 1);
        begun.elapsed()
    }

    /// Lets the server itself multiply a job, until as many wait.
    async fn fill(&mut self, depth: usize) {
        let first = job();
        self.store.jobs_create(std::slice::from_ref(&first), &[], ROOM).await.unwrap()[0].as_ref().unwrap();
        let there: usize = self
            .plain
            .query_first("SELECT COUNT(*) FROM jobs WHERE state = 'waiting'")
            .await
            .unwrap()
            .unwrap();
        let columns = "domain, skill, lane, state, accepted, due, expires, attempt, fence, failures, interruptions, \
            cancelling, owner, terms, events, input";
        let mut from = there;
        while from < depth {
            let to = depth.min(from + 50_000);
            let id = format!("CONCAT('{}-', LPAD(LOWER(HEX(seq)), 12, '0'))", &first.id.to_string()[..23]);
            let statements = [
                format!(
                    "INSERT INTO jobs (id, {columns}) SELECT {id}, {columns} FROM jobs JOIN seq_{}_to_{to} WHERE id = '{}'",
                    from + 1,
                    first.id
                ),
                format!(
                    "INSERT INTO job_events SELECT {id}, 1, 0, 'accepted', 0, '' FROM seq_{}_to_{to}",
                    from + 1
                ),
            ];
            for statement in statements {
                self.plain.query_drop(statement).await.unwrap();
            }
            from = to;
        }
        let count = "UPDATE job_queues SET waiting = (SELECT COUNT(*) FROM jobs WHERE state = 'waiting')";
        self.plain.query_drop(count).await.unwrap();
    }

    fn record(&mut self, job: &NewJob) -> AuditRecord {
        let (chain, to) = (job.terms.chain.clone(), &job.to);
        let event = AuditEvent {
            input_bytes: job.input.len() as u64,
            detail: format!("job {}", job.id),
            ..AuditEvent::new(AuditAction::Submit, chain, to.domain.clone(), Some(to.skill.clone()))
        };
        self.chain.next(&event).unwrap()
    }
}

fn queue() -> Queue {
    Queue { domain: DomainName::default(), skill: "echo".parse().unwrap() }
}

fn job() -> NewJob {
    let Queue { domain, skill } = queue();
    let to = Target { domain, skill, version: None, tool: None };
    NewJob::new(to, Bytes::from_static(INPUT.as_bytes()), vec![Principal::Operator("bench".to_owned())])
}
