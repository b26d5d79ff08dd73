//! What is of the servers that hosts share: Redis and MariaDB, as they should be and otherwise.

use super::{Said, doctor};
use crate::deployment::Deployment;
use mysql_async::prelude::Queryable;
use skep_harness::{MariaDb, Redis};

/// A deployment with a host that has ended, so that Redis and the database are as it left them.
struct Left {
    on: Deployment,
}

impl Left {
    fn new() -> Self {
        let mut on = Deployment::fleet(1);
        on.hosts.remove(0).stop();
        Self { on }
    }

    fn ask(&self, redis: &str, mysql: &str) -> Said {
        let dir = self.on.dir.path();
        let key = dir.join("key");
        doctor(dir, &["--redis", redis, "--mysql", mysql, "--key-file", key.to_str().unwrap()])
    }

    fn servers(&self) -> &(Redis, MariaDb) {
        self.on.servers.as_ref().unwrap()
    }

    /// Asks with another Redis than the deployment's.
    fn with_redis(&self, redis: &str) -> Said {
        self.ask(redis, &self.servers().1.url())
    }

    /// Asks with another address of the database.
    fn with_mysql(&self, mysql: &str) -> Said {
        self.ask(&self.servers().0.url(), mysql)
    }
}

#[test]
fn redis_must_keep_what_it_is_given() {
    let left = Left::new();
    let bare = left.with_redis(&left.servers().0.url());
    bare.problems(&[]).found("Redis", "ok", "answers").found("Redis", "warning", "appendonly");
    let sound = Redis::start_with(&["--appendonly", "yes"]).unwrap();
    let said = left.with_redis(&sound.url());
    said.problems(&[]);
    assert_eq!(said.findings.iter().filter(|f| f["check"] == "Redis").count(), 1);
    let full = ["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"];
    let evicts = Redis::start_with(&full).unwrap();
    let said = left.with_redis(&evicts.url());
    said.problems(&["Redis"]).found("Redis", "problem", "maxmemory-policy noeviction");
    let port = sound.url().rsplit(':').next().unwrap().to_owned();
    let copy = Redis::start_with(&["--replicaof", "127.0.0.1", &port]).unwrap();
    left.with_redis(&copy.url()).problems(&["Redis"]).found("Redis", "problem", "a copy");
    drop(copy);
    let away = left.with_redis(&format!("redis://127.0.0.1:{}", skep_harness::free_port()));
    away.problems(&["Redis"]).found("Redis", "problem", "--redis");
    left.with_redis("nonsense").problems(&["Redis"]).found("Redis", "problem", "address");
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_must_have_the_schema_and_take_what_it_is_given() {
    let left = Left::new();
    let url = left.servers().1.url();
    // As the one who may grant.
    let root = url.replace("skep:skep@", "root@");
    let sql = async |statement: &str| {
        let mut connection = mysql_async::Conn::from_url(&root).await.unwrap();
        connection.query_drop(statement).await.unwrap();
        connection.disconnect().await.unwrap();
    };
    let sound = left.with_mysql(&url);
    sound.problems(&[]).found("database", "ok", "MariaDB").found("database", "ok", "its schema");
    assert!(sound.findings.iter().all(|f| f["check"] != "database" || f["state"] == "ok"));

    let empty = left.servers().1.create_database("empty").unwrap();
    left.with_mysql(&empty).problems(&[]).found("database", "information", "it is empty");
    sql("INSERT INTO refinery_schema_history (version, name, applied_on, checksum) VALUES (999, 'later', '', '0')")
        .await;
    left.with_mysql(&url).problems(&["database"]).found("database", "problem", "is newer");
    sql("DELETE FROM refinery_schema_history WHERE version = 999 OR version = 2").await;
    left.with_mysql(&url).problems(&[]).found("database", "warning", "by 1 migrations");

    sql("SET GLOBAL max_allowed_packet = 1048576").await;
    left.with_mysql(&url).problems(&["database"]).found("database", "problem", "max_allowed_packet");
    sql("SET GLOBAL max_allowed_packet = 16777216").await;
    for statement in [
        "CREATE USER fit@'127.0.0.1' IDENTIFIED BY 'fit'",
        "GRANT ALL ON `sk%`.* TO fit@'127.0.0.1'",
        "CREATE USER weak@'127.0.0.1' IDENTIFIED BY 'weak'",
        "GRANT SELECT, INSERT ON skep.* TO weak@'127.0.0.1'",
    ] {
        sql(statement).await;
    }
    let by = |user: &str| left.with_mysql(&url.replace("skep:skep@", &format!("{user}:{user}@")));
    by("fit").problems(&[]);
    by("weak").problems(&["database"]).found(
        "database",
        "problem",
        "may not UPDATE, DELETE, CREATE, ALTER, INDEX",
    );
    by("nobody").problems(&["database"]).found("database", "problem", "--mysql");
    let away = url.replace(url.rsplit(':').next().unwrap(), &format!("{}/skep", skep_harness::free_port()));
    left.with_mysql(&away).problems(&["database"]).found("database", "problem", "--mysql");
}
