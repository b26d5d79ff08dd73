//! Stand-ins for the host's functions where there is no host: natively, as in tests of a skill's logic.
//! They remember in the thread that calls them, and `testing` sets and shows what they remember.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use crate::testing::{Answer, Progress, Record};

/// What the host would know.
#[derive(Default)]
pub struct Host {
    pub config: BTreeMap<String, String>,
    pub buckets: [BTreeMap<String, Vec<u8>>; 2],
    pub cancelled: bool,
    pub progress: Vec<Progress>,
    pub records: Vec<Record>,
    pub secrets: BTreeSet<String>,
    pub skills: BTreeMap<String, Answer>,
}

thread_local! {
    static HOST: RefCell<Host> = RefCell::default();
}

pub fn with<T>(look: impl FnOnce(&mut Host) -> T) -> T {
    HOST.with_borrow_mut(look)
}

pub mod context {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use super::with;
    use crate::testing::Progress;

    const TIME_LEFT: Duration = Duration::from_secs(60);

    pub fn call_id() -> String {
        "00000000-0000-7000-8000-000000000000".to_owned()
    }

    pub fn attempt() -> u32 {
        1
    }

    pub fn deadline() -> u64 {
        let end = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + TIME_LEFT;
        u64::try_from(end.as_millis()).unwrap_or(u64::MAX)
    }

    pub fn caller() -> Vec<String> {
        vec!["operator:test".to_owned()]
    }

    pub fn idempotency_key() -> Option<String> {
        None
    }

    pub fn session() -> Option<String> {
        None
    }

    pub fn progress(done: u64, total: Option<u64>, message: Option<&str>) {
        let message = message.map(str::to_owned);
        with(|host| host.progress.push(Progress { done, total, message }));
    }

    pub fn cancelled() -> bool {
        with(|host| host.cancelled)
    }
}

pub mod config {
    use super::with;
    pub use crate::bindings::wasi::config::store::Error;

    pub fn get(key: &str) -> Result<Option<String>, Error> {
        Ok(with(|host| host.config.get(key).cloned()))
    }

    pub fn get_all() -> Result<Vec<(String, String)>, Error> {
        Ok(with(|host| host.config.clone().into_iter().collect()))
    }
}

pub mod keyvalue {
    use std::collections::BTreeMap;

    use super::with;
    pub use crate::bindings::wasi::keyvalue::store::{Error, KeyResponse};

    #[derive(Debug)]
    pub struct Bucket(usize);

    pub fn open(name: &str) -> Result<Bucket, Error> {
        let found = ["hot", "durable"].iter().position(|bucket| *bucket == name);
        found.map(Bucket).ok_or(Error::NoSuchStore)
    }

    impl Bucket {
        pub(super) fn with<T>(&self, look: impl FnOnce(&mut BTreeMap<String, Vec<u8>>) -> T) -> T {
            with(|host| look(&mut host.buckets[self.0]))
        }

        pub fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
            Ok(self.with(|bucket| bucket.get(key).cloned()))
        }

        pub fn set(&self, key: &str, value: &[u8]) -> Result<(), Error> {
            self.with(|bucket| bucket.insert(key.to_owned(), value.to_owned()));
            Ok(())
        }

        pub fn delete(&self, key: &str) -> Result<(), Error> {
            self.with(|bucket| bucket.remove(key));
            Ok(())
        }

        pub fn exists(&self, key: &str) -> Result<bool, Error> {
            Ok(self.with(|bucket| bucket.contains_key(key)))
        }

        pub fn list_keys(&self, _: Option<u64>) -> Result<KeyResponse, Error> {
            Ok(KeyResponse { keys: self.with(|bucket| bucket.keys().cloned().collect()), cursor: None })
        }
    }
}

pub mod atomics {
    use super::keyvalue::{Bucket, Error};

    pub fn increment(bucket: &Bucket, key: &str, delta: u64) -> Result<u64, Error> {
        let not_a_number = || Error::Other("the value is no whole number that can grow so much".to_owned());
        let number = match bucket.get(key)? {
            None => Some(0),
            Some(value) => std::str::from_utf8(&value).ok().and_then(|text| text.parse::<u64>().ok()),
        };
        let number = number.and_then(|number| number.checked_add(delta)).ok_or_else(not_a_number)?;
        bucket.set(key, number.to_string().as_bytes())?;
        Ok(number)
    }
}

pub mod swap {
    use super::keyvalue::{Bucket, Error};

    pub fn compare_and_set(
        bucket: &Bucket,
        key: &str,
        expected: Option<&[u8]>,
        value: Option<&[u8]>,
    ) -> Result<bool, Error> {
        if bucket.get(key)?.as_deref() != expected {
            return Ok(false);
        }
        match value {
            Some(value) => bucket.set(key, value)?,
            None => bucket.delete(key)?,
        }
        Ok(true)
    }
}

pub mod secrets {
    use super::with;
    pub use crate::bindings::skep::skill::secrets::Error;

    pub fn get(name: &str) -> Result<String, Error> {
        let set = with(|host| host.secrets.contains(name));
        let denied = || Error::Denied(format!("the test has no secret {name}"));
        set.then(|| format!("skep-secret-{name}")).ok_or_else(denied)
    }

    pub fn get_basic(name: &str, user: &str) -> Result<String, Error> {
        get(name).map(|placeholder| format!("{placeholder}-{user}"))
    }
}

pub mod skills {
    use super::with;
    pub use crate::bindings::skep::skill::skills::{Fault, SkillInfo, ToolInfo};

    pub fn call(skill: &str, tool: Option<&str>, input: &str) -> Result<String, Fault> {
        // Out of the host while it answers: it may call others.
        let answer = with(|host| host.skills.get(skill).cloned());
        let unknown =
            || Fault { code: "unknown_skill".to_owned(), message: format!("there is no skill {skill}") };
        let answer = answer.ok_or_else(unknown)?;
        let input = serde_json::from_str(input).unwrap_or_default();
        match answer(tool, input) {
            Ok(output) => Ok(output.to_string()),
            Err(fault) => Err(Fault { code: fault.code, message: fault.message }),
        }
    }

    pub fn find(_: &str) -> Result<Vec<SkillInfo>, Fault> {
        let info = |name: &String| SkillInfo {
            name: name.clone(),
            version: "0.0.0".to_owned(),
            description: String::new(),
            capabilities: Vec::new(),
            tools: Vec::new(),
        };
        Ok(with(|host| host.skills.keys().map(info).collect()))
    }
}

pub mod logging {
    use super::with;
    use crate::{bindings::wasi::logging::logging::Level as HostLevel, log::Level, testing::Record};

    pub fn log(level: HostLevel, context: &str, message: &str) {
        let level = match level {
            HostLevel::Trace => Level::Trace,
            HostLevel::Debug => Level::Debug,
            HostLevel::Info => Level::Info,
            HostLevel::Warn => Level::Warn,
            HostLevel::Error => Level::Error,
            HostLevel::Critical => Level::Critical,
        };
        let record = Record { level, context: context.to_owned(), message: message.to_owned() };
        with(|host| host.records.push(record));
    }
}
