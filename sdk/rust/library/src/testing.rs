//! A host in memory for tests of a skill's logic, natively by `cargo test`.
//!
//! Each test runs in a thread of its own and so begins with nothing configured, nothing stored and nobody
//! who cancels. Schemas, limits and grants are the real host's: `skep test` shows those.
//!
//! ```
//! /// Greets as configured.
//! #[skep::tool]
//! fn greet() -> Result<String, skep::Error> {
//!     Ok(skep::config::get("greeting")?.unwrap_or_default())
//! }
//!
//! # fn main() {
//! skep::testing::configure("greeting", "hello");
//! let answer = skep::testing::call(|_: skep::Empty| greet(), serde_json::json!({}));
//! assert_eq!(answer, Ok("hello".into()));
//! # }
//! ```

use std::rc::Rc;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{Error, log::Level, native, skills::Fault};

/// How another skill answers in a test: from tool and input to output.
pub type Answer = Rc<dyn Fn(Option<&str>, Value) -> Result<Value, Fault>>;

/// One report of progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Units done.
    pub done: u64,
    /// Units in all, if known.
    pub total: Option<u64>,
    /// A word to show.
    pub message: Option<String>,
}

/// One log record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// How much it matters.
    pub level: Level,
    /// The word that groups it; for the crate `log`, its target.
    pub context: String,
    /// What it says.
    pub message: String,
}

/// Calls a tool as a caller does: with JSON, for JSON.
pub fn call<I: DeserializeOwned, O: Serialize, E: Into<Error>>(
    tool: impl FnOnce(I) -> Result<O, E>,
    input: Value,
) -> Result<Value, Error> {
    crate::log::forward();
    let output = crate::tool::run(tool, &input.to_string())?;
    Ok(serde_json::from_str(&output)?)
}

/// Sets a configuration value.
pub fn configure(key: &str, value: &str) {
    native::with(|host| host.config.insert(key.to_owned(), value.to_owned()));
}

/// Grants a secret: its placeholder is `skep-secret-NAME`, and for a user `skep-secret-NAME-USER`.
pub fn secret(name: &str) {
    native::with(|host| host.secrets.insert(name.to_owned()));
}

/// From now on the caller has gone away.
pub fn cancel() {
    native::with(|host| host.cancelled = true);
}

/// All progress reported so far.
pub fn progress() -> Vec<Progress> {
    native::with(|host| host.progress.clone())
}

/// All log records so far.
pub fn records() -> Vec<Record> {
    native::with(|host| host.records.clone())
}

/// Lets another skill be called, and answers for it.
pub fn answer(skill: &str, answer: impl Fn(Option<&str>, Value) -> Result<Value, Fault> + 'static) {
    native::with(|host| host.skills.insert(skill.to_owned(), Rc::new(answer)));
}
