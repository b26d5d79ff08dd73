//! Topics: what an event is about, and the patterns by which those who listen choose.

use crate::{DomainName, SkillName};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use utoipa::ToSchema;

/// Stands in a pattern for every part, named or not.
const ANY: &str = "*";
/// Stands in a topic for the domain and the skill of what concerns a whole host.
const NONE: &str = "-";
/// How much of a text that can't be read an error shows, in characters.
const SHOWN_CHARS_MAX: usize = 160;

/// What kind of thing an event tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EventKind {
    /// Calls: accepted, started, ended.
    Call,
    /// How far a call is.
    Progress,
    /// What a guest prints and logs.
    Log,
    /// Skills: published, replaced, approved, removed.
    Skill,
    /// Grants: given and taken away.
    Grant,
    /// Whether a host can serve.
    Health,
}

impl EventKind {
    const ALL: [Self; 6] = [Self::Call, Self::Progress, Self::Log, Self::Skill, Self::Grant, Self::Health];

    fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Progress => "progress",
            Self::Log => "log",
            Self::Skill => "skill",
            Self::Grant => "grant",
            Self::Health => "health",
        }
    }

    fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A text that is no topic, or no pattern for topics.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no {what}: write DOMAIN.SKILL.KIND, each a name or `*` for all, and of the kinds call, progress, \
    log, skill, grant and health"
)]
pub struct TopicError {
    text: String,
    what: &'static str,
}

impl TopicError {
    fn new(text: &str, what: &'static str) -> Self {
        Self { text: text.chars().take(SHOWN_CHARS_MAX).collect(), what }
    }
}

/// What an event is about: `DOMAIN.SKILL.KIND`. What concerns a whole host has `-` for domain and skill.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Topic {
    /// The bulkhead.
    pub domain: Option<DomainName>,
    /// The skill.
    pub skill: Option<SkillName>,
    /// What kind of thing is told.
    pub kind: EventKind,
}

/// Which topics somebody wants: as a topic is written, with `*` for any part.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern {
    domain: Part<DomainName>,
    skill: Part<SkillName>,
    kind: Option<EventKind>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Part<T> {
    Any,
    Is(Option<T>),
}

impl<T: FromStr + PartialEq> Part<T> {
    fn read(text: &str) -> Option<Self> {
        if text == ANY { Some(Self::Any) } else { name(text).map(Self::Is) }
    }

    fn fits(&self, part: &Option<T>) -> bool {
        match self {
            Self::Any => true,
            Self::Is(own) => own == part,
        }
    }
}

/// A name, or what stands for none.
fn name<T: FromStr>(text: &str) -> Option<Option<T>> {
    if text == NONE { Some(None) } else { text.parse().ok().map(Some) }
}

fn parts(text: &str) -> Option<[&str; 3]> {
    let mut parts = text.splitn(3, '.');
    Some([parts.next()?, parts.next()?, parts.next()?])
}

impl Pattern {
    /// Whether the topic is one of those that are wanted.
    pub fn fits(&self, topic: &Topic) -> bool {
        self.kind.is_none_or(|kind| kind == topic.kind)
            && self.domain.fits(&topic.domain)
            && self.skill.fits(&topic.skill)
    }
}

impl FromStr for Topic {
    type Err = TopicError;
    fn from_str(text: &str) -> Result<Self, TopicError> {
        let read = || {
            let [domain, skill, kind] = parts(text)?;
            Some(Self { domain: name(domain)?, skill: name(skill)?, kind: EventKind::named(kind)? })
        };
        read().ok_or_else(|| TopicError::new(text, "topic"))
    }
}

impl FromStr for Pattern {
    type Err = TopicError;
    fn from_str(text: &str) -> Result<Self, TopicError> {
        let read = || {
            let [domain, skill, kind] = parts(text)?;
            let kind = if kind == ANY { None } else { Some(EventKind::named(kind)?) };
            Some(Self { domain: Part::read(domain)?, skill: Part::read(skill)?, kind })
        };
        read().ok_or_else(|| TopicError::new(text, "pattern"))
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let domain = self.domain.as_ref().map_or(NONE, DomainName::as_str);
        let skill = self.skill.as_ref().map_or(NONE, SkillName::as_str);
        write!(f, "{domain}.{skill}.{}", self.kind.as_str())
    }
}

impl<T: fmt::Display> fmt::Display for Part<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str(ANY),
            Self::Is(None) => f.write_str(NONE),
            Self::Is(Some(name)) => name.fmt(f),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.domain, self.skill, self.kind.map_or(ANY, EventKind::as_str))
    }
}

macro_rules! text_forms {
    ($($type:ident),*) => { $(
        impl TryFrom<String> for $type {
            type Error = TopicError;
            fn try_from(text: String) -> Result<Self, TopicError> {
                text.parse()
            }
        }
        impl From<$type> for String {
            fn from(value: $type) -> String {
                value.to_string()
            }
        }
    )* };
}
text_forms!(Topic, Pattern);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_and_topics_read_as_they_are_written() {
        for text in ["main.csv-report.call", "-.-.health", "m.a1.log"] {
            assert_eq!(text.parse::<Topic>().unwrap().to_string(), text);
            assert_eq!(text.parse::<Pattern>().unwrap().to_string(), text);
        }
        let longest = format!("{0}.{0}.progress", "a".repeat(63));
        for text in ["*.*.*", "main.*.call", "*.csv.*", &longest] {
            assert_eq!(text.parse::<Pattern>().unwrap().to_string(), text);
        }
        let tool = format!("main.{}.call", "a".repeat(64));
        for bad in ["", "*", "main", "main.csv", "main.csv.calls", "main.csv.call.x", "main..call", ".*.call"]
        {
            assert!(bad.parse::<Pattern>().is_err() && bad.parse::<Topic>().is_err(), "{bad}");
        }
        for bad in ["Main.csv.call", "main.c*.call", "**.*.*", "main.csv.CALL", " main.csv.call", &tool] {
            assert!(bad.parse::<Pattern>().is_err(), "{bad}");
        }
        assert!("*.*.*".parse::<Topic>().is_err());
    }

    #[test]
    fn what_is_no_pattern_is_named_and_cut() {
        let error = "x".repeat(1 << 20).parse::<Pattern>().unwrap_err().to_string();
        assert!(error.starts_with("`xxx") && error.contains("no pattern") && error.len() < 400, "{error}");
    }

    #[test]
    fn a_pattern_fits_its_own_topics_alone() {
        let rows = [
            ("*.*.*", "main.csv.call", true),
            ("*.*.*", "-.-.health", true),
            ("main.*.*", "main.csv.log", true),
            ("main.*.*", "other.csv.log", false),
            ("main.*.*", "-.-.health", false),
            ("*.csv.*", "other.csv.skill", true),
            ("*.csv.*", "other.csv-2.skill", false),
            ("*.*.call", "main.csv.log", false),
            ("-.-.*", "-.-.health", true),
            ("-.-.*", "main.csv.call", false),
        ];
        for (pattern, topic, expect) in rows {
            let (wanted, told): (Pattern, Topic) = (pattern.parse().unwrap(), topic.parse().unwrap());
            assert_eq!(wanted.fits(&told), expect, "{pattern} {topic}");
        }
    }
}
