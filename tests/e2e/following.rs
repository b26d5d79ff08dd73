//! The commands about jobs where there is no host, where it goes away, where it hangs, and where there is much to show.

use crate::deployment::{Deployment, Host, check, said, skep};
use crate::events::retry;
use serde_json::json;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};

fn on(data: &Path, args: &[&str]) -> Command {
    let mut command = skep();
    command.args(args).arg("--data").arg(data).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn a_follow_without_a_host_says_what_is_missing_and_ends() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let run = |args: &[&str]| on(&data, args).output().unwrap();
    let guest = skep_harness::guest("echo-typed");
    check(&run(&["add", guest.to_str().unwrap(), "--name", "echo"]), 0, "echo");
    let missing = "no host runs: `skep serve` does it";
    let followed = run(&["submit", "echo/greet", "name=Eve", "--follow"]);
    check(&followed, 34, missing);
    let noted = String::from_utf8(followed.stderr).unwrap();
    let id = noted.lines().find_map(|line| line.strip_prefix("job: ")).unwrap();
    let kept = run(&["submit", "echo/greet", "name=Ada"]);
    check(&kept, 0, missing);
    let kept = String::from_utf8(kept.stdout).unwrap();
    check(&run(&["job", kept.trim(), "--follow"]), 34, missing);
    let host = Host::start(&data, &[]);
    for (id, says) in [(id, "Hello, Eve!"), (kept.trim(), "Hello, Ada!")] {
        check(&run(&["job", id, "--follow"]), 0, says);
    }
    host.stop();
    check(&run(&["job", id, "--follow"]), 0, "Hello, Eve!");
}

/// Somebody who follows a job.
struct Follow(Child, BufReader<ChildStderr>);

impl Follow {
    fn start(data: &Path, id: &str) -> Self {
        let mut child = on(data, &["job", id, "--follow"]).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let mut follow = Self(child, stderr);
        follow.says("accepted");
        follow
    }

    /// The next that it says.
    #[track_caller]
    fn says(&mut self, what: &str) {
        let mut line = String::new();
        self.1.read_line(&mut line).unwrap();
        assert!(line.contains(what), "expected `{what}`: {line}");
    }

    /// How it ended.
    fn end(mut self) -> Output {
        let mut stderr = Vec::new();
        self.1.read_to_end(&mut stderr).unwrap();
        Output { stderr, ..self.0.wait_with_output().unwrap() }
    }
}

#[test]
fn a_follow_goes_on_when_its_host_is_back_and_ends_if_it_stays_away() {
    let mut on = Deployment::embedded();
    on.add_guest("probe", "probe", &[]);
    let submit = || on.skep(&["submit", "probe/context", "--in", "1h"]).trim().to_owned();
    let (soon, late) = (submit(), submit());
    let data = on.host().data.clone();
    let mut follows = [&soon, &late].map(|id| Follow::start(&data, id));
    // Dropped, a host is killed.
    drop(on.hosts.remove(0));
    follows.iter_mut().for_each(|follow| follow.says("looking again for 30s"));
    on.hosts.push(Host::start(&data, &[]));
    on.skep(&["cancel", &soon]);
    let [soon, left] = follows;
    check(&soon.end(), 31, "the job was cancelled");
    drop(on.hosts.remove(0));
    check(&left.end(), 34, &format!("`skep job {late} --follow` goes on"));
}

#[test]
fn a_host_that_hangs_is_not_waited_for_for_ever() {
    let at = Deployment::embedded();
    at.add_guest("probe", "probe", &[]);
    let id = at.skep(&["submit", "probe/context", "--in", "1h"]);
    at.host().signal("-STOP");
    let asked = [&["jobs"][..], &["job", id.trim()], &["cancel", id.trim()], &["retry", id.trim()]];
    let asked = asked.map(|args| on(&at.host().data, args).spawn().unwrap());
    for child in asked {
        check(&child.wait_with_output().unwrap(), 34, "doesn't answer");
    }
}

#[test]
fn older_jobs_are_a_page_away() {
    let on = Deployment::embedded();
    on.add_guest("probe", "probe", &[]);
    let submit = || on.skep(&["submit", "probe/context", "--in", "1h"]).trim().to_owned();
    let (older, newer) = (submit(), submit());
    let listed = on.host().skep(&["jobs", "--limit", "1"]);
    check(&listed, 0, &format!("--before {newer}"));
    assert!(!said(&listed).contains(&older), "{listed:?}");
    let before = on.skep(&["jobs", "--before", &newer]);
    assert!(before.contains(&older) && !before.contains(&newer), "{before}");
    check(&on.host().skep(&["jobs", "--before", &older]), 0, "no older jobs");
}

#[tokio::test]
async fn all_that_happened_to_a_job_is_shown() {
    /// With three events each, and three before: more than a page.
    const RETRIES: usize = 34;
    let on = Deployment::embedded();
    on.add_guest("echo-typed", "echo", &[]);
    let order = json!({ "skill": "echo", "tool": "fail", "input": { "msg": "no luck" } });
    let job = on.client().send("POST", "/v1/jobs", Some(order)).await.ok();
    let id = job["id"].as_str().unwrap();
    retry(on.client(), id, RETRIES).await;
    check(&on.host().skep(&["job", id, "--follow"]), 20, "no luck");
    let shown = on.skep(&["job", id]);
    assert_eq!(shown.lines().count(), 1 + 3 + 3 * RETRIES, "{shown}");
}
