//! What stands beside a skill: its grants and its configuration.

use crate::ground::Ground;
use serde_json::{Value, json};

const GRANTS: &str = "/v1/skills/probe/grants";
const CONFIG: &str = "/v1/skills/probe/config";

#[tokio::test]
async fn a_grant_holds_until_it_is_revoked() {
    let ground = Ground::new().await;
    ground.install("probe").await;
    let open = ground.dir.path().join("open");
    std::fs::create_dir(&open).unwrap();
    std::fs::write(open.join("note.txt"), "hello").unwrap();
    let read = async || {
        let input = json!({ "op": "read", "path": "/data/note.txt" });
        ground.call("probe", "fs", input).await.ok()["output"].clone()
    };
    assert!(read().await["ok"].is_null());
    let rule = json!({ "host": open, "guest": "/data", "access": "ro" });
    let more = json!({ "files": [rule], "env": { "LANG": "C" } });
    let granted = ground.send("POST", GRANTS, more).await.ok();
    assert_eq!((&granted["files"][0], &granted["env"]["LANG"]), (&rule, &json!("C")));
    assert_eq!(ground.get(GRANTS).await.ok(), granted);
    assert_eq!(read().await["ok"], "hello");
    assert_eq!(ground.call("probe", "env", json!({})).await.ok()["output"], json!({ "LANG": "C" }));
    let left = ground.send("DELETE", GRANTS, json!({ "files": ["/data"] })).await.ok();
    assert_eq!((&left["files"], &left["env"]), (&json!([]), &json!({ "LANG": "C" })));
    assert!(read().await["ok"].is_null());
}

#[tokio::test]
async fn grants_that_make_no_sense_say_why() {
    let ground = Ground::new().await;
    ground.install("probe").await;
    let file =
        |host: Value, guest: &str| json!({ "files": [{ "host": host, "guest": guest, "access": "ro" }] });
    let data = ground.dir.path().join("data");
    let rows = [
        ("POST", json!({}), "nothing to grant"),
        ("POST", file(json!("open"), "/data"), "`open` is not absolute"),
        ("POST", file(json!("/"), "data"), "data"),
        ("POST", file(json!("/nowhere/at/all"), "/data"), "/nowhere/at/all"),
        ("POST", file(json!(data), "/data"), "data"),
        ("POST", json!({ "network": ["https://example.com/x"] }), "nothing but a host"),
        ("POST", json!({ "secrets": ["KEY=http://example.com"] }), "in clear"),
        ("DELETE", json!({ "files": ["/data"] }), "nothing of that is granted"),
        ("DELETE", json!({ "file": ["/data"] }), "file"),
    ];
    for (method, body, says) in rows {
        ground.send(method, GRANTS, body).await.refused(400, "invalid_input", says);
    }
    let granted = ground.get(GRANTS).await.ok();
    assert_eq!((&granted["files"], &granted["env"]), (&json!([]), &json!({})));
    let lost = ground.send("POST", "/v1/skills/gone/grants", json!({ "env": { "A": "b" } })).await;
    lost.refused(404, "unknown_skill", "gone");
}

#[tokio::test]
async fn configuration_is_set_and_taken_back() {
    let ground = Ground::new().await;
    ground.install("probe").await;
    let seen = async || ground.call("probe", "config", json!({})).await.ok()["output"]["ok"].clone();
    let answer = ground.send("PATCH", CONFIG, json!({ "colour": "blue", "size": "7" })).await.ok();
    assert_eq!(answer["effective"], json!({ "colour": "blue", "size": "7" }));
    assert_eq!(seen().await, answer["effective"]);
    ground.send("PATCH", CONFIG, json!({ "size": null })).await.ok();
    assert_eq!(ground.get(CONFIG).await.ok()["set"], json!({ "colour": "blue" }));
    assert_eq!(seen().await, json!({ "colour": "blue" }));
    ground.send("PATCH", CONFIG, json!({ "size": 7 })).await.refused(400, "invalid_input", "string");
}
