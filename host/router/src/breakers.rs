//! Circuit breakers: a skill that fails again and again is left alone for a while, by all hosts. Each host remembers
//! which skills fail, so that a call of any other costs nothing; and without the bus every breaker is closed.

mod known;

pub(crate) use known::Breakers;
use known::LOOK_EVERY;

use crate::{Inner, Operator, Router};
use skep_bus::Noted;
use skep_core::{
    Admission, AuditAction, BreakerSeen, BreakerState, CallId, DomainName, Ending, Envelope, Fault,
    FaultCode, Limits, Reply, SkillEvent, SkillName, Target, UnixMs,
};
use skep_registry::Resolved;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long past its deadline a call that tries a skill may take to be settled before another may try.
const SETTLE_MAX: Duration = Duration::from_secs(1);

impl Router {
    /// How the breaker of a skill stands, as far as this host knows; nothing if it has failed of late in no call.
    pub fn breaker(&self, domain: &DomainName, skill: &SkillName) -> Option<BreakerSeen> {
        self.0.breakers.of(domain, skill)
    }

    /// Closes the breaker of a skill and forgets its failures.
    pub async fn breaker_reset(&self, by: &Operator, skill: &SkillName) -> Result<(), Fault> {
        self.0.registry.get(&by.domain, skill).await?;
        let done = self.0.forgive(&by.domain, skill).await;
        self.record(by, AuditAction::Reset, Some(skill), String::new(), done.as_ref().err()).await;
        done
    }
}

impl Inner {
    /// Refuses a call of a skill whose breaker is open. True: the call tries whether the skill works again.
    pub(crate) async fn pass_breaker(
        &self,
        call: CallId,
        to: &Target,
        deadline: UnixMs,
    ) -> Result<bool, Fault> {
        let (domain, skill) = (&to.domain, &to.skill);
        let admission = match self.breakers.of(domain, skill) {
            Some(_) if self.settings.breaker.are_off() => return Ok(false),
            None | Some(BreakerSeen { state: BreakerState::Closed, .. }) => return Ok(false),
            // Not learnt anew: what others did about it meanwhile must be seen.
            Some(seen) if seen.state == BreakerState::Open => return Err(refusal(skill, seen)),
            Some(_) => {
                let within = deadline.remaining() + SETTLE_MAX;
                let asked = self.bus.breaker_ask(domain, skill, call, within).await;
                // It passes, and may well be the one that tries the skill, with the answer lost on its way: so it
                // is told how it ends, which is nothing to a breaker that let no such call through.
                asked.unwrap_or_else(|error| {
                    tracing::debug!(%error, "a breaker can't be asked: the call passes");
                    Admission::Trial
                })
            }
        };
        match admission {
            Admission::Free => {
                self.breakers.learn(domain, skill, BreakerSeen::CLEAR);
                Ok(false)
            }
            Admission::Trial => {
                self.breakers.tries(domain, skill, call);
                self.meters.breaker_changed(domain, BreakerState::HalfOpen);
                Ok(true)
            }
            Admission::Refused(seen) => {
                self.breakers.learn(domain, skill, seen);
                Err(refusal(skill, seen))
            }
        }
    }

    /// Notes how a call was answered, and by what, if anything ran.
    pub(crate) async fn note_reply(&self, envelope: &Envelope, reply: &Reply, ran: Option<&Resolved>) {
        let ending = ending_of(reply, ran.map(|ran| ran.permit.limits()));
        self.note_ending(envelope, ending).await;
    }

    /// Notes how a call ended, if that matters to its skill's breaker.
    pub(crate) async fn note_ending(&self, envelope: &Envelope, ending: Ending) {
        let (domain, skill) = (&envelope.to.domain, &envelope.to.skill);
        let matters = match ending {
            _ if envelope.trial => true,
            _ if self.settings.breaker.are_off() => false,
            Ending::Failed(_) => true,
            // Nothing is told of the many that always do well.
            Ending::Well => self.breakers.of(domain, skill).is_some(),
            Ending::Neither => false,
        };
        if matters {
            self.tell_breaker(domain, skill, envelope.id, ending).await;
        }
    }

    /// Lets another call try a skill, if this one was to and is refused for another reason, or lost.
    pub(crate) async fn leave_trial(&self, call: CallId, to: &Target) {
        if self.breakers.is_tried_by(&to.domain, &to.skill, call) {
            self.tell_breaker(&to.domain, &to.skill, call, Ending::Neither).await;
        }
    }

    async fn tell_breaker(&self, domain: &DomainName, skill: &SkillName, call: CallId, ending: Ending) {
        match self.bus.breaker_note(domain, skill, call, ending, &self.settings.breaker).await {
            Ok(Noted { seen, became }) => {
                self.breakers.learn(domain, skill, seen);
                if let Some(state) = became {
                    self.breaker_changed(domain, skill, state, seen);
                }
            }
            Err(error) => tracing::debug!(%call, %error, "a breaker didn't learn of a call"),
        }
    }

    /// What failed is gone or another version serves: what is called from now on has not failed yet.
    pub(crate) async fn begin_anew(&self, domain: &DomainName, skill: &SkillName) {
        if let Err(error) = self.forgive(domain, skill).await {
            tracing::debug!(%domain, %skill, %error, "a breaker could not be closed: it tries in its time");
        }
    }

    async fn forgive(&self, domain: &DomainName, skill: &SkillName) -> Result<(), Fault> {
        let was_open = self.bus.breaker_reset(domain, skill).await?;
        self.breakers.learn(domain, skill, BreakerSeen::CLEAR);
        if was_open {
            self.breaker_changed(domain, skill, BreakerState::Closed, BreakerSeen::CLEAR);
        }
        Ok(())
    }

    fn breaker_changed(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        state: BreakerState,
        seen: BreakerSeen,
    ) {
        self.meters.breaker_changed(domain, state);
        let BreakerSeen { failures, wait_ms, .. } = seen;
        let change = if state == BreakerState::Open {
            let why = seen.why.map_or("", FaultCode::as_str);
            tracing::warn!(%domain, %skill, failures, why, wait_ms, "the breaker of a skill opened");
            SkillEvent::Tripped
        } else {
            tracing::info!(%domain, %skill, "the breaker of a skill closed");
            SkillEvent::Recovered
        };
        self.tell_skill(domain, skill, change, None);
    }

    /// Keeps up with what other hosts learn.
    pub(crate) async fn follow_breakers(self: Arc<Self>) {
        while !self.settings.breaker.are_off() {
            let asked = Instant::now();
            let listed = self.bus.breakers().await.unwrap_or_else(|error| {
                tracing::debug!(%error, "breakers can't be seen: all of them count as closed");
                Vec::new()
            });
            self.breakers.learn_all(asked, listed);
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// What the end of a call says about its skill, which was found if `limits` are known.
fn ending_of(reply: &Reply, limits: Option<&Limits>) -> Ending {
    let Some(limits) = limits else { return Ending::Neither };
    match &reply.outcome {
        Ok(_) => Ending::Well,
        // Whoever gives a skill less time than it may take, or comes late, learns nothing about it.
        Err(fault) if fault.code == FaultCode::Deadline && !had_its_time(reply, limits) => Ending::Neither,
        Err(fault) if fault.code.blames_skill() => Ending::Failed(fault.code),
        Err(_) => Ending::Neither,
    }
}

/// Whether a call ran for nearly as long as its skill's calls may.
fn had_its_time(reply: &Reply, limits: &Limits) -> bool {
    let wall_us = limits.wall.0.as_micros();
    u128::from(reply.usage.wall_us) >= wall_us - wall_us / 10
}

fn refusal(skill: &SkillName, seen: BreakerSeen) -> Fault {
    let BreakerSeen { failures, why, wait_ms, .. } = seen;
    let why = why.map_or("fault", FaultCode::as_str);
    let message = format!(
        "`{skill}` failed {failures} times in a row, the last time with `{why}`, and is left alone: try again in \
         {wait_ms} ms, or mend it and `skep reset {skill}`"
    );
    Fault { retry_after_ms: Some(wait_ms), ..Fault::unavailable(message) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skep_core::{LimitsSpec, Output, Usage};

    #[test]
    fn only_what_a_skill_did_counts() {
        let limits = LimitsSpec::default().within(&Limits::ceiling()).unwrap();
        let wall_us = limits.wall.0.as_micros() as u64;
        let check = |outcome: Result<Output, Fault>, wall_us: u64, expected: Ending| {
            let usage = Usage { wall_us, ..Usage::default() };
            let reply = Reply { usage, ..Reply::unserved(CallId::fresh(), outcome) };
            assert_eq!(ending_of(&reply, Some(&limits)), expected, "{reply:?}");
            assert_eq!(ending_of(&reply, None), Ending::Neither);
        };
        check(Ok(Output::json("1".to_owned())), 1, Ending::Well);
        check(Err(Fault::trapped("broke")), 1, Ending::Failed(FaultCode::Trapped));
        check(Err(Fault::tool_error("no such file")), 1, Ending::Neither);
        check(Err(Fault::deadline("late")), wall_us, Ending::Failed(FaultCode::Deadline));
        check(Err(Fault::deadline("the caller was in a hurry")), wall_us / 2, Ending::Neither);
    }
}
