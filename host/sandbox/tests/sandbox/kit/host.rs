//! A host for guests to ask: state in memory, skills with canned answers, and a record of what was asked.

use async_trait::async_trait;
use bytes::Bytes;
use skep_core::{
    Bucket, Fault, Outcome, Output, Progress, SecretName, SecretValue, SkillName, StateChange, StateChanged,
    StateError, StateKeys, ToolName,
};
use skep_sandbox::{Services, SkillInfo};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Keys in a page of a listing.
const PAGE: usize = 2;

/// The host's side of a call.
#[derive(Default)]
pub(crate) struct Host {
    pub(crate) gone: AtomicBool,
    pub(crate) state: Mutex<BTreeMap<(&'static str, String), Bytes>>,
    /// How often state was asked for anything.
    pub(crate) state_asked: AtomicUsize,
    /// Values of secrets by name.
    pub(crate) secrets: Mutex<BTreeMap<String, String>>,
    pub(crate) secrets_asked: AtomicUsize,
    pub(crate) secrets_away: AtomicBool,
    /// Calls of other skills, as `skill/tool input`.
    pub(crate) calls: Mutex<Vec<String>>,
    /// Calls of other skills that were given up before their end.
    pub(crate) dropped: AtomicUsize,
    /// What `find_skills` finds, whoever may be called.
    pub(crate) skills: Vec<SkillInfo>,
    pub(crate) finds: AtomicUsize,
}

#[async_trait]
impl Services for Host {
    fn progress(&self, _progress: Progress) {}

    fn cancelled(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }

    /// Waits for a moment, as a database would.
    async fn state_get(&self, bucket: Bucket, key: &str) -> Result<Option<Bytes>, StateError> {
        self.state_asked.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
        if key == "away" {
            return Err(StateError::Unavailable("the database is away".into()));
        }
        Ok(self.state.lock().unwrap().get(&(bucket.as_str(), key.to_owned())).cloned())
    }

    async fn state_change(
        &self,
        bucket: Bucket,
        key: &str,
        change: StateChange,
    ) -> Result<StateChanged, StateError> {
        self.state_asked.fetch_add(1, Ordering::Relaxed);
        let mut state = self.state.lock().unwrap();
        let place = (bucket.as_str(), key.to_owned());
        let now = state.get(&place).cloned();
        let Some(value) = change.apply(now.as_ref())? else {
            return Ok(StateChanged { applied: false, value: now });
        };
        match value.clone() {
            Some(value) => state.insert(place, value),
            None => state.remove(&place),
        };
        Ok(StateChanged { applied: true, value })
    }

    async fn state_keys(&self, bucket: Bucket, from: u64) -> Result<StateKeys, StateError> {
        let state = self.state.lock().unwrap();
        let keys = state.keys().filter(|(name, _)| *name == bucket.as_str()).map(|(_, key)| key.clone());
        let mut keys: Vec<String> = keys.skip(from as usize).take(PAGE + 1).collect();
        let next = (keys.len() > PAGE).then_some(from + PAGE as u64);
        keys.truncate(PAGE);
        Ok(StateKeys { keys, next })
    }

    async fn secret(&self, name: &SecretName) -> Result<Option<SecretValue>, Fault> {
        self.secrets_asked.fetch_add(1, Ordering::Relaxed);
        if self.secrets_away.load(Ordering::Relaxed) {
            return Err(Fault::unavailable("the database is away"));
        }
        let value = self.secrets.lock().unwrap().get(name.as_str()).cloned();
        Ok(value.map(|value| SecretValue::new(value).unwrap()))
    }

    /// `slow` answers in half a second, `never` does not, `fails` fails, and all others give back their input.
    async fn call_skill(&self, skill: &SkillName, tool: Option<&ToolName>, input: Bytes) -> Outcome {
        let text = String::from_utf8_lossy(&input);
        let tool = tool.map_or("-", ToolName::as_str);
        self.calls.lock().unwrap().push(format!("{skill}/{tool} {text}"));
        let given_up = GivenUp(&self.dropped);
        match skill.as_str() {
            "slow" => tokio::time::sleep(Duration::from_millis(500)).await,
            "never" => std::future::pending().await,
            "fails" => return Err(Fault::tool_error("no luck")),
            _ => {}
        }
        std::mem::forget(given_up);
        Ok(Output::json(input))
    }

    async fn find_skills(&self, _capability: &str, _callable: &[SkillName]) -> Result<Vec<SkillInfo>, Fault> {
        self.finds.fetch_add(1, Ordering::Relaxed);
        Ok(self.skills.clone())
    }
}

/// Counts the calls that are dropped on their way.
struct GivenUp<'a>(&'a AtomicUsize);

impl Drop for GivenUp<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A skill that can be found.
pub(crate) fn skill_info(name: &str, description: &str) -> SkillInfo {
    SkillInfo {
        name: name.parse().unwrap(),
        version: semver::Version::new(1, 2, 3),
        description: description.to_owned(),
        capabilities: vec!["csv.read".into()],
        tools: Vec::new(),
    }
}
