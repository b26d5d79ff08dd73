//! How messages look as frames: a JSON header, and the one large part raw beside it.

use super::seal::{Frame, Kind, Seal};
use crate::BusError;
use crate::queues::Queue;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use skep_core::{
    AuditRecord, CallId, Digest, DomainName, EVENT_TEXT_BYTES_MAX, Envelope, Event, Fault, Incarnation,
    LogRecord, Output, Progress, Reply, SessionId, Usage,
};

/// Largest event that is looked at: its text may grow sixfold where it is escaped.
const EVENT_MESSAGE_BYTES_MAX: usize = 8 * EVENT_TEXT_BYTES_MAX;
/// The seal of a published event.
const MAC_BYTES: usize = 32;

/// A reply without its result.
#[derive(Serialize, Deserialize)]
struct ReplyHeader {
    id: CallId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fault: Option<Fault>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    logs: Vec<LogRecord>,
    usage: Usage,
    served_by: Option<Incarnation>,
    digest: Option<Digest>,
    version: Option<semver::Version>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session: Option<SessionId>,
}

/// An audit record without its body.
#[derive(Serialize, Deserialize)]
struct AuditHeader {
    host: Incarnation,
    seq: u64,
    prev: String,
    mac: String,
}

/// An event on its way, and its number among those of its host and domain.
#[derive(Serialize, Deserialize)]
struct EventHeader<E> {
    from: Incarnation,
    number: u64,
    event: E,
}

pub(super) fn encode(header: &impl Serialize) -> Result<Vec<u8>, BusError> {
    serde_json::to_vec(header).map_err(|e| BusError::Internal(format!("a header can't be written: {e}")))
}

/// Why a frame was not what its place says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Forged {
    /// No host sealed it for this use.
    Seal,
    /// The header can't be read, or tells of another place.
    Header,
}

pub(super) fn decode<T: DeserializeOwned>(
    seal: &Seal,
    kind: Kind,
    scope: &str,
    frame: &Frame,
) -> Result<T, Forged> {
    if !seal.holds(kind, scope, frame) {
        return Err(Forged::Seal);
    }
    serde_json::from_slice(&frame.header).map_err(|_| Forged::Header)
}

pub(super) fn call_frame(seal: &Seal, envelope: &Envelope, payload: bytes::Bytes) -> Result<Frame, BusError> {
    Ok(seal.frame(Kind::Call, envelope.to.domain.as_str(), encode(envelope)?, payload))
}

pub(super) fn call_open(
    seal: &Seal,
    domain: &DomainName,
    queue: Queue,
    frame: &Frame,
) -> Result<Envelope, Forged> {
    let envelope: Envelope = decode(seal, Kind::Call, domain.as_str(), frame)?;
    if envelope.to.domain == *domain && Queue::of(&envelope) == queue {
        Ok(envelope)
    } else {
        Err(Forged::Header)
    }
}

pub(super) fn reply_frame(seal: &Seal, to: Incarnation, reply: Reply) -> Result<Frame, BusError> {
    let (payload, fault) = match reply.outcome {
        Ok(output) => (output.as_bytes().clone(), None),
        Err(fault) => (bytes::Bytes::new(), Some(fault)),
    };
    let Reply { id, logs, usage, served_by, digest, version, session, .. } = reply;
    let header = ReplyHeader { id, fault, logs, usage, served_by, digest, version, session };
    Ok(seal.frame(Kind::Reply, &to.to_string(), encode(&header)?, payload))
}

pub(super) fn reply_open(seal: &Seal, me: Incarnation, frame: &Frame) -> Result<Reply, Forged> {
    let header: ReplyHeader = decode(seal, Kind::Reply, &me.to_string(), frame)?;
    let ReplyHeader { id, fault, logs, usage, served_by, digest, version, session } = header;
    let outcome = match fault {
        Some(fault) => Err(fault),
        None => Ok(Output::json(frame.payload.clone())),
    };
    Ok(Reply { id, outcome, logs, usage, served_by, digest, version, session, rate: None })
}

pub(super) fn audit_frame(seal: &Seal, domain: &DomainName, record: AuditRecord) -> Result<Frame, BusError> {
    let AuditRecord { host, seq, prev, mac, body } = record;
    let header = encode(&AuditHeader { host, seq, prev, mac })?;
    Ok(seal.frame(Kind::Audit, domain.as_str(), header, body.into()))
}

pub(super) fn audit_open(seal: &Seal, domain: &DomainName, frame: &Frame) -> Result<AuditRecord, Forged> {
    let AuditHeader { host, seq, prev, mac } = decode(seal, Kind::Audit, domain.as_str(), frame)?;
    let body = String::from_utf8(frame.payload.to_vec()).map_err(|_| Forged::Header)?;
    Ok(AuditRecord { host, seq, prev, mac, body })
}

/// A message that is all header, for any host of a domain or for one host.
pub(super) fn notice_frame(
    seal: &Seal,
    kind: Kind,
    scope: &str,
    notice: &impl Serialize,
) -> Result<Frame, BusError> {
    Ok(seal.frame(kind, scope, encode(notice)?, bytes::Bytes::new()))
}

pub(super) fn progress_open(seal: &Seal, me: Incarnation, frame: &Frame) -> Result<Progress, Forged> {
    decode(seal, Kind::Progress, &me.to_string(), frame)
}

pub(super) fn cancel_open(seal: &Seal, domain: &DomainName, frame: &Frame) -> Result<CallId, Forged> {
    decode(seal, Kind::Cancel, domain.as_str(), frame)
}

pub(super) fn revision_open(seal: &Seal, domain: &DomainName, frame: &Frame) -> Result<u64, Forged> {
    decode(seal, Kind::Revision, domain.as_str(), frame)
}

/// An event as it is published: the seal, then the header.
pub(super) fn event_message(
    seal: &Seal,
    domain: &DomainName,
    from: Incarnation,
    number: u64,
    event: &Event,
) -> Result<Vec<u8>, BusError> {
    let Frame { header, mac, .. } =
        notice_frame(seal, Kind::Event, domain.as_str(), &EventHeader { from, number, event })?;
    Ok([mac, header].concat())
}

pub(super) fn event_open(
    seal: &Seal,
    domain: &DomainName,
    message: &[u8],
) -> Result<(Incarnation, u64, Event), Forged> {
    if message.len() > EVENT_MESSAGE_BYTES_MAX {
        return Err(Forged::Header);
    }
    let (mac, header) = message.split_at_checked(MAC_BYTES).ok_or(Forged::Seal)?;
    let frame = Frame { header: header.to_vec(), payload: bytes::Bytes::new(), mac: mac.to_vec() };
    let EventHeader { from, number, event } = decode(seal, Kind::Event, domain.as_str(), &frame)?;
    Ok((from, number, event))
}
