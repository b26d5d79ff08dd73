//! The steps of a call as its trace shows them: each is a span of its own, below the one that it is part of.
//! They bear our own words; no input, no output, no configuration.

use skep_core::{Outcome, Principal, Step, Trace};
use tracing::Span;

/// Where a call is in its trace, until this is dropped.
pub(crate) struct Here {
    pub(crate) trace: Option<Trace>,
    pub(crate) span: Span,
}

/// Takes a step, if there is one to take: of a call that isn't traced nothing is made.
macro_rules! step {
    ($step:expr, $name:literal $(, $($fields:tt)+)?) => {{
        let step: Option<skep_core::Step> = $step;
        let span = match &step {
            Some(step) if step.here.sampled() => tracing::info_span!(
                $name,
                trace = %step.here,
                below = step.below.map(tracing::field::display),
                fault = tracing::field::Empty,
                $($($fields)+)?
            ),
            _ => tracing::Span::none(),
        };
        $crate::steps::Here { trace: step.map(|step| step.here), span }
    }};
}
pub(crate) use step;

/// The step below a place.
pub(crate) fn below(trace: Option<&Trace>) -> Option<Step> {
    trace.map(Trace::step)
}

impl Here {
    /// The step below this one.
    pub(crate) fn below(&self) -> Option<Step> {
        below(self.trace.as_ref())
    }

    /// Notes how it ended.
    pub(crate) fn ends(&self, outcome: &Outcome) {
        if let Err(fault) = outcome {
            self.span.record("fault", fault.code.as_str());
        }
    }
}

/// What kind of principal asks; names stay with the audit.
pub(crate) fn by(chain: &[Principal]) -> Option<&'static str> {
    Some(match chain.last()? {
        Principal::Operator(_) => "operator",
        Principal::Key(_) => "key",
        Principal::Agent(_) => "agent",
        Principal::Skill(_) => "skill",
    })
}
