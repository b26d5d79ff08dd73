//! How far reading a text is: where it stands, what is wrong there, how much it may still take.

use super::place::{Place, Step, cut};
use super::wit_type::WitType;
use serde::de::Error;
use std::fmt;

/// Longest complaint, in characters.
const COMPLAINT_CHARS_MAX: usize = 400;

/// How far reading is: where it is, and what is wrong there.
pub(super) struct Progress<'a> {
    place: Place<'a>,
    complaint: Option<String>,
    /// Memory that values may still take.
    room: usize,
}

impl<'a> Progress<'a> {
    /// At the top, with memory of `room` bytes for values.
    pub(super) fn new(room: usize) -> Self {
        Self { place: Place::default(), complaint: None, room }
    }

    /// Puts into words why reading ended: a complaint of ours, else the parser's.
    pub(super) fn report(&self, error: &serde_json::Error) -> String {
        let complaint = match &self.complaint {
            Some(complaint) => cut(complaint, COMPLAINT_CHARS_MAX),
            None => format!("not JSON: {}", cut(&error.to_string(), COMPLAINT_CHARS_MAX)),
        };
        format!("{}: {complaint}", self.place)
    }

    /// Refuses the value at the present place.
    pub(super) fn refuse<E: Error>(&mut self, complaint: impl Into<String>) -> E {
        self.complaint.get_or_insert(complaint.into());
        E::custom("refused")
    }

    pub(super) fn mismatch<E: Error>(&mut self, ty: &WitType, found: impl fmt::Display) -> E {
        self.refuse(format!("expected {ty}, found {found}"))
    }

    pub(super) fn take<E: Error>(&mut self, bytes: usize) -> Result<(), E> {
        match self.room.checked_sub(bytes) {
            Some(room) => self.room = room,
            None => return Err(self.refuse("the input unfolds to too many values for its size")),
        }
        Ok(())
    }

    /// Reads what is one step down. After a failure the place stays where it happened.
    pub(super) fn down<T, E>(
        &mut self,
        step: Step<'a>,
        read: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.place.enter(step);
        let value = read(self)?;
        self.place.leave();
        Ok(value)
    }
}
