//! Jobs that are followed over the WebSocket: by those who may see them, and so many at once.

use crate::events::Client;
use crate::ground::Ground;
use crate::keys::make;
use serde_json::{Value, json};
use skep_api::JOBS_FOLLOWED_MAX;

/// Submits a job that waits for an hour; gives its id.
async fn waiting(ground: &Ground, key: &str) -> String {
    let order = json!({ "skill": "versioned", "in": "1h" });
    let job = ground.as_bearer(key, "POST", "/v1/jobs", Some(order)).await.ok();
    job["id"].as_str().unwrap().to_owned()
}

async fn follow(client: &mut Client, job: &str, since: u64) -> Value {
    client.say(json!({ "follow": { "job": job, "since": since } })).await;
    client.next().await.unwrap()
}

#[tokio::test]
async fn only_who_may_see_a_job_follows_it() {
    let ground = Ground::new().await;
    ground.install("versioned").await;
    let (own, _) = make(&ground, json!({})).await;
    let (other, _) = make(&ground, json!({})).await;
    let (auditor, _) = make(&ground, json!({ "role": "auditor" })).await;
    let job = waiting(&ground, &own).await;

    let mut stranger = Client::bearing(&ground, &other).await;
    let refused = follow(&mut stranger, &job, 0).await;
    assert_eq!(refused["problem"]["code"], "not_found", "{refused}");
    let unknown = "00000000-0000-7000-8000-000000000000";
    let none = follow(&mut stranger, unknown, 0).await;
    assert_eq!(refused.to_string().replace(&job, unknown), none.to_string());
    stranger.say(json!({ "follow": { "job": job, "domain": "other" } })).await;
    assert!(stranger.next().await.unwrap()["problem"].is_object());

    let (mut caller, mut audit) =
        (Client::bearing(&ground, &own).await, Client::bearing(&ground, &auditor).await);
    for client in [&mut caller, &mut audit] {
        assert_eq!(follow(client, &job, 0).await, json!({ "following": [job] }));
        let told = client.next().await.unwrap();
        assert_eq!((&told["job"]["id"], &told["job"]["event"]["step"]), (&json!(job), &json!("accepted")));
    }
    ground.as_bearer(&own, "POST", &format!("/v1/jobs/{job}/cancel"), None).await.ok();
    for client in [&mut caller, &mut audit] {
        let told = client.next().await.unwrap();
        assert_eq!(
            (&told["job"]["event"]["seq"], &told["job"]["event"]["step"]),
            (&json!(2), &json!("cancelled"))
        );
        assert_eq!(client.next().await.unwrap(), json!({ "over": job }));
    }
    // Who has seen all of it already is told only that.
    assert_eq!(follow(&mut caller, &job, 2).await, json!({ "following": [job] }));
    assert_eq!(caller.next().await.unwrap(), json!({ "over": job }));
}

#[tokio::test]
async fn so_many_jobs_are_followed_at_once() {
    let ground = Ground::new().await;
    ground.install("versioned").await;
    let (own, _) = make(&ground, json!({})).await;
    let mut client = Client::bearing(&ground, &own).await;
    let mut jobs = Vec::new();
    for _ in 0..=JOBS_FOLLOWED_MAX {
        jobs.push(waiting(&ground, &own).await);
    }
    let last = jobs.pop().unwrap();
    for (before, job) in jobs.iter().enumerate() {
        assert_eq!(follow(&mut client, job, 1).await, json!({ "following": jobs[..=before] }));
    }
    let refused = follow(&mut client, &last, 1).await;
    assert_eq!(refused["problem"]["code"], "invalid_input", "{refused}");
    client.say(json!({ "unfollow": jobs[0] })).await;
    assert_eq!(client.next().await.unwrap(), json!({ "following": jobs[1..] }));
    let following = follow(&mut client, &last, 1).await;
    assert_eq!(following["following"].as_array().unwrap().len(), JOBS_FOLLOWED_MAX);
}
