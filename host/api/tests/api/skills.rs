//! Skills: installed, listed, found, inspected, replaced, approved, removed.

use crate::ground::{Ground, component, manifest};
use serde_json::json;
use skep_api::types::{SkillDetail, SkillList, VersionStanding};

#[tokio::test]
async fn a_skill_comes_is_seen_and_goes() {
    let ground = Ground::new().await;
    let limits = "[limits]\nwall = \"5s\"\n[config]\ncolour = \"red\"\n";
    let prompt = "---\nname: demo\ndescription: d\n---\nUse it.";
    let body = json!({
        "component": component("echo-typed"), "manifest": manifest("1.2.3", limits), "prompt": prompt,
    });
    let first = ground.send("POST", "/v1/skills", body.clone()).await;
    assert_eq!((first.status, &first.body["serving"]), (201, &json!(true)), "{first:?}");
    let again = ground.send("POST", "/v1/skills", body).await;
    assert_eq!((again.status, &again.body["unchanged"]), (200, &json!(true)), "{again:?}");

    let list: SkillList = serde_json::from_value(ground.get("/v1/skills").await.ok()).unwrap();
    let [skill] = &list.skills[..] else { panic!("{list:?}") };
    assert_eq!((skill.name.as_str(), skill.description.as_str()), ("demo", "A demo"));
    assert!(skill.tools.iter().any(|tool| tool.as_str() == "greet"));

    let detail: SkillDetail = serde_json::from_value(ground.get("/v1/skills/demo").await.ok()).unwrap();
    assert_eq!(detail.version.to_string(), "1.2.3");
    assert_eq!(detail.limits.wall.to_string(), "5s");
    assert_eq!(detail.config.unwrap().effective["colour"], "red");
    assert_eq!(detail.prompt.as_deref(), Some(prompt));
    let greet = detail.tools.iter().find(|tool| tool.name.as_str() == "greet").unwrap();
    assert!(greet.description.contains("by name"), "{greet:?}");
    assert_eq!(greet.input_schema["properties"]["name"]["type"], "string");
    assert!(detail.imports.iter().all(|import| import.served && !import.wants.is_empty()));

    assert_eq!(ground.send("DELETE", "/v1/skills/demo", json!({})).await.status, 204);
    ground.get("/v1/skills/demo").await.refused(404, "unknown_skill", "demo");
    ground.send("DELETE", "/v1/skills/demo", json!({})).await.refused(404, "unknown_skill", "demo");
}

#[tokio::test]
async fn skills_are_found_by_what_they_offer() {
    let ground = Ground::new().await;
    let body = json!({ "component": component("versioned"), "manifest": manifest("1.0.0", "") });
    ground.send("POST", "/v1/skills", body).await.ok();
    let found = async |wanted: &str| ground.get(&format!("/v1/skills?capability={wanted}")).await.ok();
    assert_eq!(
        found("demo.show").await["matches"],
        json!([{ "skill": "demo", "score": 1.0, "capability": "demo.show" }])
    );
    assert_eq!(found("demo.hide").await["matches"][0]["score"], 0.5);
    assert_eq!(found("other").await["matches"], json!([]));
}

#[tokio::test]
async fn what_asks_for_more_waits_for_approval() {
    let ground = Ground::new().await;
    let install = async |version: &str, more: &str| {
        let body = json!({ "component": component("versioned"), "manifest": manifest(version, more) });
        ground.send("POST", "/v1/skills", body).await.ok()
    };
    let serving = async || ground.call("demo", "-", json!({})).await.ok()["version"].clone();
    install("1.0.0", "").await;
    ground.send("POST", "/v1/skills/demo/approve", json!({})).await.refused(400, "invalid_input", "waits");
    let added = install("2.0.0", "[requests]\nfiles = [{ path = \"/data\" }]\n").await;
    assert_eq!((&added["serving"], serving().await), (&json!(false), json!("1.0.0")));
    assert!(added["waits"].as_str().unwrap().contains("more"), "{added}");
    let detail: SkillDetail = serde_json::from_value(ground.get("/v1/skills/demo@2.0.0").await.ok()).unwrap();
    assert_eq!(detail.requests.unwrap().files[0].path.as_str(), "/data");
    let standing = |v: &str| detail.versions.iter().find(|s| s.version.to_string() == v).unwrap().standing;
    assert_eq!((standing("1.0.0"), standing("2.0.0")), (VersionStanding::Current, VersionStanding::Waiting));
    let approved = ground.send("POST", "/v1/skills/demo/approve", json!({})).await.ok();
    assert_eq!((&approved["version"], serving().await), (&json!("2.0.0"), json!("2.0.0")));
    ground.get("/v1/skills/demo@3.0.0").await.refused(404, "unknown_skill", "it has: 2.0.0, 1.0.0");
}

#[tokio::test]
async fn a_bare_component_installs_and_lists_come_in_pages() {
    let ground = Ground::new().await;
    let bytes = std::fs::read(skep_harness::guest("versioned")).unwrap();
    for name in ["a", "b", "c"] {
        let sent = ground.request("POST", &format!("/v1/skills?name={name}")).body(bytes.clone());
        let sent = sent.header("content-type", "application/wasm").send().await.unwrap();
        assert_eq!(sent.status(), 201, "{name}");
    }
    let mut seen = Vec::new();
    let mut path = "/v1/skills?limit=2".to_owned();
    loop {
        let page: SkillList = serde_json::from_value(ground.get(&path).await.ok()).unwrap();
        assert!(page.skills.len() <= 2);
        seen.extend(page.skills.into_iter().map(|skill| skill.name.to_string()));
        let Some(after) = page.next else { break };
        path = format!("/v1/skills?limit=2&after={after}");
    }
    assert_eq!(seen, ["a", "b", "c"]);
    ground.get("/v1/skills?limit=0").await.refused(400, "invalid_input", "limit");
    ground.get("/v1/skills?after=A").await.refused(400, "invalid_input", "A");
}
