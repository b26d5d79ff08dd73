//! The trace that a call belongs to, as W3C Trace Context writes it: which request it serves, below which step.

use crate::Ratio;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// Longest `tracestate` that is passed on; a longer one is left out.
pub const TRACE_STATE_BYTES_MAX: usize = 512;
/// Characters of a `traceparent` of version 00; later versions may only add to them.
const PARENT_CHARS: usize = 55;
/// The flag of a trace that is recorded.
const SAMPLED: u8 = 1;

/// A trace, shared by all that one request brings about: 32 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TraceId(pub [u8; 16]);

/// A step of a trace: 16 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId(pub [u8; 8]);

/// A place in a trace, for the next step to stand below. Its text is a `traceparent` and, behind a space, the
/// `tracestate` that came along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Trace {
    id: TraceId,
    span: SpanId,
    sampled: bool,
    /// What tracing systems on the way pass on to each other.
    state: Option<Box<str>>,
}

/// A step of a trace, and the one that it stands below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The step itself.
    pub here: Trace,
    /// The step before it; the first has none.
    pub below: Option<SpanId>,
}

/// A text that is no trace context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no trace context: expected VERSION-TRACE-PARENT-FLAGS, as in W3C's `traceparent`")]
pub struct TraceError;

impl Trace {
    /// The first step of a new trace, recorded with the odds of `ratio`. Where none is, none is begun.
    pub fn begin(ratio: Ratio) -> Option<Step> {
        let random = || Uuid::new_v4().into_bytes();
        let id = (ratio != Ratio::NONE).then(random)?;
        let here = Self { id: TraceId(id), span: SpanId::fresh(), sampled: ratio.takes(id), state: None };
        Some(Step { here, below: None })
    }

    /// The place that a caller's headers name. What they get wrong is as if they hadn't said it.
    pub fn of_caller(parent: &str, state: Option<&str>) -> Option<Self> {
        let (id, span, sampled) = read(parent)?;
        Some(Self { id, span, sampled, state: state.filter(|state| passes(state)).map(Box::from) })
    }

    /// The next step below this place. One that isn't recorded passes on what came in.
    pub fn step(&self) -> Step {
        let span = if self.sampled { SpanId::fresh() } else { self.span };
        Step { here: Self { span, ..self.clone() }, below: Some(self.span) }
    }

    /// Which trace it is.
    pub fn id(&self) -> TraceId {
        self.id
    }

    /// Which step of it.
    pub fn span(&self) -> SpanId {
        self.span
    }

    /// Whether its steps are recorded.
    pub fn sampled(&self) -> bool {
        self.sampled
    }

    /// The `tracestate` that came along.
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// The `traceparent`.
    pub fn parent(&self) -> String {
        format!("00-{}-{}-{:02x}", self.id, self.span, u8::from(self.sampled))
    }
}

impl SpanId {
    /// Reads 16 lower-case hex digits.
    pub fn read(text: &str) -> Option<Self> {
        digits(text).map(Self)
    }

    fn fresh() -> Self {
        let [.., a, b, c, d, e, f, g, h] = Uuid::new_v4().into_bytes();
        Self([a, b, c, d, e, f, g, h])
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.parent())?;
        self.state.iter().try_for_each(|state| write!(f, " {state}"))
    }
}

impl FromStr for Trace {
    type Err = TraceError;
    fn from_str(text: &str) -> Result<Self, TraceError> {
        let (parent, state) = match text.split_once(' ') {
            Some((parent, state)) => (parent, Some(state)),
            None => (text, None),
        };
        if state.is_some_and(|state| !passes(state)) {
            return Err(TraceError);
        }
        let (id, span, sampled) = read(parent).ok_or(TraceError)?;
        Ok(Self { id, span, sampled, state: state.map(Box::from) })
    }
}

impl TryFrom<String> for Trace {
    type Error = TraceError;
    fn try_from(text: String) -> Result<Self, TraceError> {
        text.parse()
    }
}

impl From<Trace> for String {
    fn from(trace: Trace) -> String {
        trace.to_string()
    }
}

fn read(parent: &str) -> Option<(TraceId, SpanId, bool)> {
    let parts: Vec<&str> = parent.get(..PARENT_CHARS)?.split('-').collect();
    let [version, id, span, flags] = parts[..] else { return None };
    let [version] = digits(version)?;
    let [flags] = digits::<1>(flags)?;
    let rest = &parent[PARENT_CHARS..];
    let version_fits = match version {
        0 => rest.is_empty(),
        0xff => false,
        // A later version may say more behind another dash.
        _ => rest.is_empty() || rest.starts_with('-'),
    };
    let (id, span) = (digits::<16>(id)?, digits::<8>(span)?);
    let said = version_fits && id != [0; 16] && span != [0; 8];
    said.then_some((TraceId(id), SpanId(span), flags & SAMPLED != 0))
}

/// So many bytes in lower-case hex.
fn digits<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let lower = !text.bytes().any(|b| b.is_ascii_uppercase());
    (lower && hex::decode_to_slice(text, &mut bytes).is_ok()).then_some(bytes)
}

fn passes(state: &str) -> bool {
    let printable = state.bytes().all(|b| b == b' ' || b.is_ascii_graphic());
    !state.is_empty() && state.len() <= TRACE_STATE_BYTES_MAX && printable
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceId({self})")
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SpanId({self})")
    }
}

impl TryFrom<String> for TraceId {
    type Error = TraceError;
    fn try_from(text: String) -> Result<Self, TraceError> {
        digits(&text).map(Self).ok_or(TraceError)
    }
}

impl From<TraceId> for String {
    fn from(id: TraceId) -> String {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_context_comes_back_as_it_was() {
        for text in [PARENT, &format!("{PARENT} a=1,b=2"), &PARENT.replace("-01", "-00")] {
            let trace: Trace = text.parse().unwrap();
            assert_eq!(trace.to_string(), text);
            assert_eq!(
                serde_json::from_str::<Trace>(&serde_json::to_string(&trace).unwrap()).unwrap(),
                trace
            );
        }
        let later = format!("{}-more", PARENT.replacen("00", "cc", 1));
        assert_eq!(later.parse::<Trace>().unwrap().to_string(), PARENT);
    }

    #[test]
    fn what_is_no_context_is_none() {
        let zero = |chars: usize| "0".repeat(chars);
        for text in [
            "",
            "00-x",
            &PARENT.to_uppercase(),
            &format!("{PARENT}-more"),
            &PARENT.replacen("00", "ff", 1),
            &PARENT.replace("b7ad6b7169203331", &zero(16)),
            &PARENT.replace("0af7651916cd43dd8448eb211c80319c", &zero(32)),
            &PARENT.replace('-', "_"),
            &"ä".repeat(PARENT_CHARS),
            &format!("{PARENT} "),
        ] {
            assert_eq!(text.parse::<Trace>(), Err(TraceError), "{text}");
        }
    }

    #[test]
    fn the_state_of_others_is_passed_on_within_bounds() {
        let with = |state: &str| Trace::of_caller(PARENT, Some(state)).unwrap();
        assert_eq!(with("a=1").step().here.state(), Some("a=1"));
        for unfit in ["", "a=\u{7f}", &"x".repeat(TRACE_STATE_BYTES_MAX + 1)] {
            assert_eq!(with(unfit).state(), None, "{unfit}");
        }
        assert_eq!(Trace::of_caller(&format!("{PARENT} a=1"), None), None);
    }

    #[test]
    fn steps_stay_in_their_trace_and_only_recorded_ones_are_told_apart() {
        let Step { here: first, below: None } = Trace::begin(Ratio::ALL).unwrap() else { panic!("a parent") };
        let second = first.step();
        assert_eq!((second.here.id(), second.below), (first.id(), Some(first.span())));
        assert_ne!(second.here.span(), first.span());
        let quiet: Trace = PARENT.replace("-01", "-00").parse().unwrap();
        assert_eq!(quiet.step().here, quiet);
        assert_eq!(Trace::begin(Ratio::NONE), None);
    }
}
