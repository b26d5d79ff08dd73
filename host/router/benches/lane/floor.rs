//! The floor: the same parts in a hand-written loop.

use redis::aio::MultiplexedConnection;
use redis::streams::StreamReadReply;
use skep_core::{CallId, Digest, Grants, Limits, Permit, Principal, Progress, Subject, UnixMs};
use skep_sandbox::{Call, Prepared, Sandbox, Services};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// Entries read at once.
const BATCH: usize = 64;

/// A bare server, and a client of it.
pub struct Floor {
    sender: MultiplexedConnection,
    reader: Mutex<(MultiplexedConnection, String)>,
    server: JoinHandle<()>,
}

impl Floor {
    pub async fn start(url: String, sandbox: Sandbox) -> Self {
        let (sender, reader) = (connect(&url).await, connect(&url).await);
        let mut create = redis::cmd("XGROUP");
        create.arg("CREATE").arg("in").arg("g").arg("0").arg("MKSTREAM");
        create.exec_async(&mut sender.clone()).await.expect("created");
        let component = std::fs::read(skep_harness::guest("call-floor")).expect("the guest");
        let prepared = sandbox.prepare(component.into()).await.expect("prepared");
        let server = tokio::spawn(serve(connect(&url).await, sandbox, prepared));
        Self { sender, reader: Mutex::new((reader, "0-0".to_owned())), server }
    }

    /// Sends `count` calls, never more than `in_flight` unanswered.
    pub async fn calls(&self, count: usize, in_flight: usize) {
        let mut reader = self.reader.lock().await;
        let (line, last) = &mut *reader;
        let (mut sent, mut answered) = (0, 0);
        while answered < count {
            let room = in_flight.min(count - answered) - (sent - answered);
            let sends = (0..room).map(|_| async {
                let mut add = redis::cmd("XADD");
                add.arg("in").arg("*").arg("p").arg(super::INPUT);
                add.exec_async(&mut self.sender.clone()).await
            });
            futures::future::try_join_all(sends).await.expect("sent");
            sent += room;
            let mut read = redis::cmd("XREAD");
            read.arg("COUNT").arg(BATCH).arg("BLOCK").arg(1000).arg("STREAMS").arg("out").arg(&*last);
            let read: Option<StreamReadReply> = read.query_async(line).await.expect("read");
            for entry in read.into_iter().flat_map(|read| read.keys).flat_map(|key| key.ids) {
                *last = entry.id;
                answered += 1;
            }
        }
    }

    pub fn stop(&self) {
        self.server.abort();
    }
}

async fn connect(url: &str) -> MultiplexedConnection {
    let unlimited = redis::AsyncConnectionConfig::new().set_response_timeout(None);
    let client = redis::Client::open(url).expect("an address");
    client.get_multiplexed_async_connection_with_config(&unlimited).await.expect("connected")
}

async fn serve(mut line: MultiplexedConnection, sandbox: Sandbox, prepared: Arc<Prepared>) {
    let permit = permit();
    loop {
        let mut read = redis::cmd("XREADGROUP");
        read.arg("GROUP").arg("g").arg("c").arg("COUNT").arg(BATCH).arg("BLOCK").arg(1000);
        read.arg("STREAMS").arg("in").arg(">");
        let read: Option<StreamReadReply> = read.query_async(&mut line).await.expect("read");
        let entries: Vec<_> = read.into_iter().flat_map(|r| r.keys).flat_map(|k| k.ids).collect();
        if entries.is_empty() {
            continue;
        }
        let runs = entries.iter().map(|entry| {
            let input: Vec<u8> = entry.get("p").expect("a payload");
            let (sandbox, prepared, permit) = (sandbox.clone(), prepared.clone(), permit.clone());
            tokio::spawn(async move { run(&sandbox, &prepared, &permit, input).await })
        });
        let mut pipe = redis::pipe();
        for output in futures::future::join_all(runs).await {
            pipe.cmd("XADD").arg("out").arg("*").arg("p").arg(output.expect("a run"));
        }
        let ids: Vec<_> = entries.iter().map(|entry| &entry.id).collect();
        pipe.cmd("XACK").arg("in").arg("g").arg(&ids).cmd("XDEL").arg("in").arg(&ids);
        pipe.exec_async(&mut line).await.expect("answered");
    }
}

async fn run(sandbox: &Sandbox, prepared: &Prepared, permit: &Permit, input: Vec<u8>) -> Vec<u8> {
    let call = Call {
        id: CallId::fresh(),
        attempt: 1,
        deadline: UnixMs::now().after(Duration::from_secs(30)),
        chain: vec![Principal::Operator("bench".to_owned())],
        idempotency_key: None,
        session: None,
        tool: prepared.inspection().tools[0].name.clone(),
        input: input.into(),
        config: Arc::default(),
    };
    let report = sandbox.run(prepared, permit, call, Arc::new(NoHost)).await;
    report.outcome.expect("a result").as_bytes().to_vec()
}

fn permit() -> Permit {
    let skill = "call-floor".parse().expect("a name");
    let (digest, limits) = (Digest::of(b"floor"), Limits::default());
    let subject = Subject { skill: &skill, digest, requests: None, limits: &limits };
    Grants::default().permit(subject)
}

struct NoHost;

impl Services for NoHost {
    fn progress(&self, _: Progress) {}
    fn cancelled(&self) -> bool {
        false
    }
}
