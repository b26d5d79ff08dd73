//! A session: one guest that is kept between the calls that belong together.

use crate::run::{Room, Turn};
use crate::{Call, Prepared, Report, Sandbox, Services};
use skep_core::{Fault, FaultCode, Outcome, Permit};
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

/// One guest, and its place in the pool. Dropping it frees both.
pub struct Session {
    sandbox: Sandbox,
    skill: Arc<Prepared>,
    permit: Permit,
    // Before the place: the guest leaves first.
    room: Room,
    _place: OwnedSemaphorePermit,
}

impl Session {
    pub(crate) fn new(
        sandbox: Sandbox,
        skill: Arc<Prepared>,
        permit: Permit,
        place: OwnedSemaphorePermit,
    ) -> Self {
        Self { sandbox, skill, permit, room: Room::default(), _place: place }
    }

    /// Whether it serves further calls.
    pub fn alive(&self) -> bool {
        !matches!(self.room, Room::Left)
    }

    /// Runs one call, as [`Sandbox::run`] does: with its own budget, log and deadline. Memory and what is
    /// in it are the session's. A call that breaks its guest, that reaches a limit, or whose future is
    /// dropped on its way ends the session, and so does a permit that isn't the session's.
    pub async fn run(&mut self, call: Call, permit: &Permit, services: Arc<dyn Services>) -> Report {
        let turn = Turn::new(permit, call, services);
        let started = turn.started;
        let report = match self.admit(&turn) {
            Ok(()) => {
                let report = self.skill.serve(&self.sandbox, &mut self.room, turn).await;
                self.settle(&report.outcome);
                report
            }
            Err(fault) => Report::refused(fault),
        };
        report.timed(started)
    }

    fn admit(&mut self, turn: &Turn<'_>) -> Result<(), Fault> {
        if !self.alive() {
            return Err(Fault::session_gone("the session has ended: begin another"));
        }
        if *turn.permit != self.permit {
            self.room = Room::Left;
            return Err(Fault::session_gone(
                "what the skill may do has changed since the session began: begin another",
            ));
        }
        turn.check()
    }

    /// Ends the session, or lets its guest rest until the next call.
    fn settle(&mut self, outcome: &Outcome) {
        if outcome.as_ref().err().is_none_or(|fault| leaves_guest_whole(fault.code)) {
            self.room.rest();
        } else {
            self.room = Room::Left;
        }
    }
}

/// Whether a guest goes on after a call that ended so: it was never asked, or it answered.
fn leaves_guest_whole(code: FaultCode) -> bool {
    use FaultCode::{InvalidInput, InvalidOutput, ToolError, UnknownTool};
    matches!(code, InvalidInput | InvalidOutput | ToolError | UnknownTool)
}
