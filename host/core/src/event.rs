//! Events: what happens, as those are told who listen. Nothing is kept, and nothing waits for a listener.

use crate::{
    CallId, DomainName, EventKind, FaultCode, Identity, Incarnation, Level, LogRecord, Principal, Progress,
    SkillName, ToolName, Topic, TraceId, UnixMs, VersionText,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Longest text in an event, in bytes; what is longer is cut.
pub const EVENT_TEXT_BYTES_MAX: usize = 4 << 10;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// What it is about.
    pub topic: Topic,
    /// When it happened.
    pub at: UnixMs,
    /// What happened.
    #[serde(flatten)]
    pub what: Happening,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Happening {
    /// A call went on.
    Call(CallStep),
    /// A call got further.
    Progress(CallProgress),
    /// A guest printed or logged a line.
    Log(CallLog),
    /// A skill changed.
    Skill(SkillChange),
    /// What a skill is granted changed.
    Grant(GrantChange),
    /// A host can serve, or can't.
    Health(HostHealth),
}

/// A call, and how far it came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CallStep {
    /// The call.
    pub call: CallId,
    /// The origin: who asked for it, through whatever skills.
    pub by: Principal,
    /// The tool, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<ToolName>,
    /// The trace that it belongs to, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<TraceId>,
    /// How far it came.
    #[serde(flatten)]
    pub stage: Stage,
}

/// How far a call came. What is refused ends without having been accepted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "stage", rename_all = "lowercase")]
pub enum Stage {
    /// A host took it, and it waits for one that is free.
    Accepted,
    /// A host runs it.
    Started {
        /// That host.
        host: Incarnation,
        /// The version that runs.
        #[schema(value_type = VersionText)]
        version: semver::Version,
    },
    /// It is over.
    Ended {
        /// Why it didn't end well, if it didn't.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<FaultCode>,
        /// How long it took since it was accepted, in microseconds.
        duration_us: u64,
    },
}

/// How far a call is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallProgress {
    /// The origin of the call.
    pub by: Principal,
    /// What its guest reports.
    #[serde(flatten)]
    pub progress: Progress,
}

/// A line of a call's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallLog {
    /// The call.
    pub call: CallId,
    /// The origin of the call.
    pub by: Principal,
    /// How much it matters.
    pub level: Level,
    /// Where it came from: `stdout`, `stderr`, or the context a guest named.
    pub source: String,
    /// The line; one that was cut ends with `…`.
    pub text: String,
}

/// What became of a skill or one of its versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SkillChange {
    /// What was done.
    pub change: SkillEvent,
    /// The version it was done to; all of them if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<VersionText>)]
    pub version: Option<semver::Version>,
}

/// What was done to a skill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SkillEvent {
    /// A new skill serves.
    Published,
    /// A version serves in the place of another.
    Replaced,
    /// A version came that an operator must approve.
    Waiting,
    /// A version was approved, and serves.
    Approved,
    /// A version that didn't serve was removed, or the whole skill.
    Removed,
    /// It failed again and again: its breaker opened, and calls are refused for a while.
    Tripped,
    /// Its breaker closed: calls pass again.
    Recovered,
}

/// What a skill was given, or lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GrantChange {
    /// Which of both.
    pub change: GrantEvent,
    /// Who decided.
    pub by: Principal,
    /// The grants, as the flags that give them.
    pub grants: String,
}

/// What was done with a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum GrantEvent {
    /// It was given.
    Granted,
    /// It was taken away.
    Revoked,
}

/// Whether a host can serve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HostHealth {
    /// The host.
    pub host: Incarnation,
    /// Whether it serves calls.
    pub ready: bool,
    /// Why not, if it doesn't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Happening {
    fn kind(&self) -> EventKind {
        match self {
            Self::Call(_) => EventKind::Call,
            Self::Progress(_) => EventKind::Progress,
            Self::Log(_) => EventKind::Log,
            Self::Skill(_) => EventKind::Skill,
            Self::Grant(_) => EventKind::Grant,
            Self::Health(_) => EventKind::Health,
        }
    }
}

impl Event {
    /// Something that just happened to a skill.
    pub fn of_skill(domain: &DomainName, skill: &SkillName, what: Happening) -> Self {
        let topic = Topic { domain: Some(domain.clone()), skill: Some(skill.clone()), kind: what.kind() };
        Self { topic, at: UnixMs::now(), what }
    }

    /// Something that just happened to a host.
    pub fn of_host(mut health: HostHealth) -> Self {
        health.why = health.why.map(|why| cut(&why));
        let what = Happening::Health(health);
        Self { topic: Topic { domain: None, skill: None, kind: what.kind() }, at: UnixMs::now(), what }
    }

    /// A line of the log of a call.
    pub fn of_log(domain: &DomainName, skill: &SkillName, by: Principal, record: &LogRecord) -> Self {
        let LogRecord { call, at, level, source, text } = record;
        let (source, text) = (source.clone(), cut(text));
        let line = CallLog { call: *call, by, level: *level, source, text };
        Self { at: *at, ..Self::of_skill(domain, skill, Happening::Log(line)) }
    }

    /// A grant that was given or taken away.
    pub fn of_grant(
        domain: &DomainName,
        skill: &SkillName,
        change: GrantEvent,
        by: Principal,
        grants: &str,
    ) -> Self {
        let grants = cut(grants);
        Self::of_skill(domain, skill, Happening::Grant(GrantChange { change, by, grants }))
    }

    /// Whether somebody may hear of it: what concerns a skill, who sees the skill; of calls, who asked for
    /// them, and auditors; of grants and of what waits for operators, auditors; of hosts, those who audit
    /// everything.
    pub fn open_to(&self, who: &Identity) -> bool {
        let seen = match (&self.topic.domain, &self.topic.skill) {
            (Some(domain), Some(skill)) => who.sees(domain, skill),
            _ => who.scope.is_unbounded(),
        };
        seen && (who.audits() || self.concerns(&who.principal))
    }

    /// Whether it is for somebody who audits nothing.
    fn concerns(&self, who: &Principal) -> bool {
        match &self.what {
            Happening::Call(CallStep { by, .. })
            | Happening::Progress(CallProgress { by, .. })
            | Happening::Log(CallLog { by, .. }) => by == who,
            Happening::Skill(skill) => skill.change != SkillEvent::Waiting,
            Happening::Grant(_) | Happening::Health(_) => false,
        }
    }
}

/// The text, or as much of it as an event holds.
fn cut(text: &str) -> String {
    if text.len() <= EVENT_TEXT_BYTES_MAX {
        return text.to_owned();
    }
    let mark = "…";
    let end = text.floor_char_boundary(EVENT_TEXT_BYTES_MAX - mark.len());
    format!("{}{mark}", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Allowance, Role, Scope};
    use serde_json::{Value, json};

    fn names() -> (DomainName, SkillName) {
        (DomainName::default(), "csv".parse().unwrap())
    }

    fn key(id: &str) -> Principal {
        Principal::Key(id.to_owned())
    }

    fn events() -> Vec<Event> {
        let ((domain, skill), by, call) = (names(), key("own"), CallId::fresh());
        let of = |what| Event::of_skill(&domain, &skill, what);
        let version = semver::Version::new(1, 2, 0);
        let step =
            |stage| of(Happening::Call(CallStep { call, by: by.clone(), tool: None, trace: None, stage }));
        let progress = Progress { call, done: 1, total: Some(2), message: None };
        let line = LogRecord {
            call,
            at: UnixMs(7),
            level: Level::Warn,
            source: "stderr".to_owned(),
            text: "x".repeat(EVENT_TEXT_BYTES_MAX + 1),
        };
        let skill_change =
            |change| of(Happening::Skill(SkillChange { change, version: Some(version.clone()) }));
        let health = HostHealth { host: Incarnation::fresh(), ready: false, why: Some("é".repeat(9000)) };
        vec![
            step(Stage::Accepted),
            step(Stage::Started { host: Incarnation::fresh(), version: version.clone() }),
            step(Stage::Ended { code: Some(FaultCode::ToolError), duration_us: u64::MAX }),
            of(Happening::Progress(CallProgress { by: by.clone(), progress })),
            Event::of_log(&domain, &skill, by.clone(), &line),
            skill_change(SkillEvent::Replaced),
            skill_change(SkillEvent::Waiting),
            Event::of_grant(&domain, &skill, GrantEvent::Granted, by.clone(), "--env A"),
            Event::of_host(health),
        ]
    }

    #[test]
    fn events_pass_the_wire_whole_and_flat() {
        for event in events() {
            let json = serde_json::to_string(&event).unwrap();
            assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), event, "{json}");
            let value: Value = serde_json::from_str(&json).unwrap();
            let kind = value["kind"].as_str().unwrap();
            assert!(value["topic"].as_str().unwrap().ends_with(&format!(".{kind}")), "{json}");
            assert!(json.len() < EVENT_TEXT_BYTES_MAX + 1024, "{json}");
        }
        let ended = serde_json::to_value(&events()[2]).unwrap();
        assert_eq!((&ended["stage"], &ended["code"]), (&json!("ended"), &json!("tool_error")));
    }

    #[test]
    fn each_hears_what_is_theirs() {
        let (domain, skill) = names();
        let own = Scope { domain: Some(domain), skills: Some([skill].into()) };
        let foreign = Scope { skills: Some(["other".parse().unwrap()].into()), ..own.clone() };
        let heard = |principal: &str, role: Role, scope: &Scope| {
            let who = Identity {
                principal: key(principal),
                role,
                scope: scope.clone(),
                allowance: Allowance::default(),
            };
            events().iter().map(|event| event.open_to(&who)).collect::<Vec<_>>()
        };
        let all = Scope::default();
        let (t, f) = (true, false);
        assert_eq!(heard("own", Role::Caller, &own), [t, t, t, t, t, t, f, f, f]);
        assert_eq!(heard("own", Role::Caller, &all), [t, t, t, t, t, t, f, f, f]);
        assert_eq!(heard("another", Role::Caller, &all), [f, f, f, f, f, t, f, f, f]);
        for role in [Role::Operator, Role::Auditor] {
            assert_eq!(heard("another", role, &own), [t, t, t, t, t, t, t, t, f]);
            assert_eq!(heard("another", role, &all), [t; 9]);
        }
        for role in [Role::Operator, Role::Auditor, Role::Caller] {
            assert_eq!(heard("own", role, &foreign), [f; 9]);
        }
    }
}
