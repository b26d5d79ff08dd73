//! What happens here, told while anybody listens: of calls, skills, grants and this host.

use crate::{Inner, Operator, Router};
use skep_bus::Heard;
use skep_core::{
    AuditAction, AuditEvent, CallProgress, CallStep, DomainName, Envelope, Event, GrantEvent, Happening,
    HostHealth, LogRecord, Principal, Progress, SkillChange, SkillEvent, SkillName, Stage, Trace,
};
use skep_registry::Added;
use std::sync::Arc;
use std::time::Duration;

/// How often a host that somebody listens to looks whether it can serve.
const HEALTH_EVERY: Duration = Duration::from_secs(2);

impl Inner {
    /// Tells what is made only if anybody listens.
    fn tell(&self, domain: &DomainName, event: impl FnOnce() -> Event) {
        if self.bus.listened(Some(domain)) {
            self.bus.broadcast(event());
        }
    }

    /// A call was accepted, or started.
    pub(crate) fn tell_stage(&self, envelope: &Envelope, stage: impl FnOnce() -> Stage) {
        let to = &envelope.to;
        self.tell(&to.domain, || {
            let trace = envelope.trace.as_ref().map(Trace::id);
            let (call, by, tool) = (envelope.id, origin(&envelope.chain), to.tool.clone());
            let step = CallStep { call, by, tool, trace, stage: stage() };
            Event::of_skill(&to.domain, &to.skill, Happening::Call(step))
        });
    }

    pub(crate) fn tell_progress(&self, envelope: &Envelope, progress: &Progress) {
        let to = &envelope.to;
        self.tell(&to.domain, || {
            let progress = CallProgress { by: origin(&envelope.chain), progress: progress.clone() };
            Event::of_skill(&to.domain, &to.skill, Happening::Progress(progress))
        });
    }

    pub(crate) fn tell_log(&self, envelope: &Envelope, record: &LogRecord) {
        let to = &envelope.to;
        self.tell(&to.domain, || Event::of_log(&to.domain, &to.skill, origin(&envelope.chain), record));
    }

    pub(crate) fn tell_skill(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        change: SkillEvent,
        version: Option<&semver::Version>,
    ) {
        self.tell(domain, || {
            let change = SkillChange { change, version: version.cloned() };
            Event::of_skill(domain, skill, Happening::Skill(change))
        });
    }

    pub(crate) fn tell_grant(&self, by: &Operator, skill: &SkillName, change: GrantEvent, grants: &str) {
        let whose = || origin(&by.chain);
        self.tell(&by.domain, || Event::of_grant(&by.domain, skill, change, whose(), grants));
    }

    /// Gives what is heard to those who listen here.
    pub(crate) async fn hear(self: Arc<Self>) {
        // Only the end of the bus ends it.
        while let Ok(heard) = self.bus.hear().await {
            match heard {
                Heard::Event(event) => self.hub.spread(&event),
                Heard::Lost(count) => self.hub.lost(count),
            }
        }
    }

    fn tell_health(&self, ready: Result<(), String>) {
        let (host, ready, why) = (self.bus.incarnation(), ready.is_ok(), ready.err());
        self.bus.broadcast(Event::of_host(HostHealth { host, ready, why }));
    }

    /// This host begins to stop.
    pub(crate) fn tell_stopping(&self) {
        if self.bus.listened(None) {
            self.tell_health(Err("this host is stopping".to_owned()));
        }
    }
}

impl Router {
    /// Tells how this host stands once somebody listens, and then each change.
    pub(crate) async fn follow_health(self) {
        let mut told = None;
        loop {
            tokio::time::sleep(HEALTH_EVERY).await;
            if !self.0.bus.listened(None) {
                told = None;
                continue;
            }
            let ready = self.health().await.ready().map_err(|fault| fault.message.clone());
            if told.as_ref() != Some(&ready) {
                self.0.tell_health(ready.clone());
                told = Some(ready);
            }
        }
    }
}

/// What an installed source is to those who listen; nothing if it changed nothing.
pub(crate) fn installed(added: &Added) -> Option<SkillEvent> {
    match added {
        Added { unchanged: true, .. } => None,
        Added { serving: false, .. } => Some(SkillEvent::Waiting),
        Added { replaces: Some(_), .. } => Some(SkillEvent::Replaced),
        Added { .. } => Some(SkillEvent::Published),
    }
}

/// A call that is over, as its audit record tells it.
pub(crate) fn ended(event: &AuditEvent) -> Option<Event> {
    let (AuditAction::Call, Some(skill), Some(call)) = (event.action, &event.skill, event.call) else {
        return None;
    };
    let stage = Stage::Ended { code: event.fault, duration_us: event.duration_us };
    let (by, tool, trace) = (origin(&event.chain), event.tool.clone(), event.trace);
    Some(Event::of_skill(&event.domain, skill, Happening::Call(CallStep { call, by, tool, trace, stage })))
}

/// Who asked first.
fn origin(chain: &[Principal]) -> Principal {
    // Every chain has one; without, it concerns nobody.
    chain.first().cloned().unwrap_or_else(|| Principal::Operator("nobody".to_owned()))
}
