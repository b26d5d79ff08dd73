//! Entity tags: who changes what others change too loses no change of theirs.

use crate::ground::{Answer, Ground};
use futures::future::join_all;
use reqwest::Response;
use serde_json::{Value, json};

const GRANTS: &str = "/v1/skills/probe/grants";
const CONFIG: &str = "/v1/skills/probe/config";
/// Operators that write at once.
const WRITERS: usize = 8;

async fn conditional(
    ground: &Ground,
    method: &str,
    path: &str,
    header: (&str, &str),
    body: Value,
) -> Response {
    ground.request(method, path).header(header.0, header.1).json(&body).send().await.unwrap()
}

fn tag(response: &Response) -> String {
    response.headers()["etag"].to_str().unwrap().to_owned()
}

async fn tag_of(ground: &Ground, path: &str) -> String {
    tag(&ground.request("GET", path).send().await.unwrap())
}

#[tokio::test]
async fn reads_are_short_while_nothing_changes() {
    let ground = Ground::new().await;
    ground.install("probe").await;
    for (path, method, change) in
        [(GRANTS, "POST", json!({ "env": { "A": "b" } })), (CONFIG, "PATCH", json!({ "colour": "blue" }))]
    {
        let before = tag_of(&ground, path).await;
        let read =
            async |tag: &str| conditional(&ground, "GET", path, ("if-none-match", tag), json!(null)).await;
        let unchanged = read(&before).await;
        assert_eq!((unchanged.status().as_u16(), tag(&unchanged)), (304, before.clone()));
        assert_eq!(unchanged.text().await.unwrap(), "");
        ground.send(method, path, change).await.ok();
        let changed = read(&before).await;
        assert_eq!(changed.status(), 200);
        assert_ne!(tag(&changed), before);
    }
}

#[tokio::test]
async fn a_change_of_what_was_not_seen_is_refused() {
    let ground = Ground::new().await;
    ground.install("probe").await;
    let old = tag_of(&ground, GRANTS).await;
    let grant = async |tag: &str, env: Value| {
        conditional(&ground, "POST", GRANTS, ("if-match", tag), json!({ "env": env })).await
    };
    let done = grant(&old, json!({ "A": "1" })).await;
    let new = tag(&done);
    assert_eq!(Answer::of(done).await.ok()["env"], json!({ "A": "1" }));
    Answer::of(grant(&old, json!({ "A": "2" })).await).await.refused(412, "conflict", "look again");
    let revoked = conditional(&ground, "DELETE", GRANTS, ("if-match", &old), json!({ "env": ["A"] })).await;
    Answer::of(revoked).await.refused(412, "conflict", "look again");
    assert_eq!(ground.get(GRANTS).await.ok()["env"], json!({ "A": "1" }));
    Answer::of(grant(&new, json!({ "A": "3" })).await).await.ok();
    Answer::of(grant("*", json!({ "A": "4" })).await).await.ok();

    let configure = async |tag: &str| {
        conditional(&ground, "PATCH", CONFIG, ("if-match", tag), json!({ "colour": "red" })).await
    };
    Answer::of(configure("\"other\"").await).await.refused(412, "conflict", "look again");
    // What concerns the grants alone is no change of the configuration.
    let seen = tag_of(&ground, CONFIG).await;
    ground.send("POST", GRANTS, json!({ "env": { "B": "1" } })).await.ok();
    Answer::of(configure(&seen).await).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_operators_who_saw_the_same_one_wins() {
    let ground = Ground::new().await;
    ground.install("probe").await;
    for round in 0..4 {
        let seen = tag_of(&ground, CONFIG).await;
        let write = async |writer: usize| {
            let value = format!("{round}-{writer}");
            let sent =
                conditional(&ground, "PATCH", CONFIG, ("if-match", &seen), json!({ "by": value })).await;
            (sent.status().as_u16(), value)
        };
        let done = join_all((0..WRITERS).map(write)).await;
        let won: Vec<_> = done.iter().filter(|(status, _)| *status == 200).collect();
        assert_eq!(won.len(), 1, "{done:?}");
        assert!(done.iter().all(|(status, _)| matches!(status, 200 | 412)), "{done:?}");
        assert_eq!(ground.get(CONFIG).await.ok()["set"]["by"], won[0].1);
    }
}
