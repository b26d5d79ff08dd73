//! What a guest may ask of its host beyond WASI.

use crate::Tool;
use async_trait::async_trait;
use bytes::Bytes;
use skep_core::{
    Bucket, Fault, LogRecord, Outcome, Progress, SecretName, SecretValue, SkillName, StateChange,
    StateChanged, StateError, StateKeys, ToolName,
};

/// A skill that a guest may call.
#[derive(Debug, Clone)]
pub struct SkillInfo {
    /// Its name.
    pub name: SkillName,
    /// The version that serves.
    pub version: semver::Version,
    /// What it does.
    pub description: String,
    /// What it offers, in dotted words.
    pub capabilities: Vec<String>,
    /// Its tools.
    pub tools: Vec<Tool>,
}

/// What a guest may ask of its host. The router implements it, so that the sandbox needs to know
/// neither store nor bus. The permit was asked already where it decides. Who has no host behind it, as a
/// one-shot call, leaves the rest as it is here: away.
#[async_trait]
pub trait Services: Send + Sync {
    /// Takes the newest report of a call's progress. The sandbox has dropped what comes too fast.
    /// Called between the guest's instructions: must not block.
    fn progress(&self, progress: Progress);

    /// Takes note of a line of the call's log as it comes; the report has them all again. Called between the
    /// guest's instructions: must not block.
    fn logged(&self, record: &LogRecord) {
        let _ = record;
    }

    /// Whether the call was cancelled. Once it says so, the sandbox stops the guest. Must not block.
    fn cancelled(&self) -> bool;

    /// The value of a key of the skill's own state.
    async fn state_get(&self, bucket: Bucket, key: &str) -> Result<Option<Bytes>, StateError> {
        let _ = (bucket, key);
        Err(stateless())
    }

    /// Changes a key of the skill's own state. The change was [checked](StateChange::check).
    async fn state_change(
        &self,
        bucket: Bucket,
        key: &str,
        change: StateChange,
    ) -> Result<StateChanged, StateError> {
        let _ = (bucket, key, change);
        Err(stateless())
    }

    /// A page of the keys of the skill's own state; the first from 0.
    async fn state_keys(&self, bucket: Bucket, from: u64) -> Result<StateKeys, StateError> {
        let _ = (bucket, from);
        Err(stateless())
    }

    /// Calls another skill, on behalf of this call's skill and all who asked for it.
    async fn call_skill(&self, skill: &SkillName, tool: Option<&ToolName>, input: Bytes) -> Outcome {
        let _ = (skill, tool, input);
        Err(alone())
    }

    /// The value of a secret, if it is set.
    async fn secret(&self, name: &SecretName) -> Result<Option<SecretValue>, Fault> {
        let _ = name;
        Err(Fault::unavailable(
            "this call has no host that keeps secrets: install the skill and call it there",
        ))
    }

    /// The skills among `callable` that offer `capability`, the best match first; all for an empty text.
    async fn find_skills(&self, capability: &str, callable: &[SkillName]) -> Result<Vec<SkillInfo>, Fault> {
        let _ = (capability, callable);
        Err(alone())
    }
}

/// Nobody waits, and there is nothing to be had.
pub(crate) struct Nobody;

impl Services for Nobody {
    fn progress(&self, _progress: Progress) {}
    fn cancelled(&self) -> bool {
        false
    }
}

fn stateless() -> StateError {
    StateError::Unavailable(
        "this call has no host that keeps state: install the skill and call it there".to_owned(),
    )
}

fn alone() -> Fault {
    Fault::unavailable("this call has no host with other skills: install the skill and call it there")
}
