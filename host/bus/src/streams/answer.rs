//! Reading what Redis answers, taking large parts over without copying them.

use super::seal::Frame;
use crate::BusError;
use crate::message::EntryId;
use bytes::Bytes;
use redis::Value;

/// A stream entry: its id, and its fields by name.
pub(super) struct StreamEntry {
    pub(super) id: EntryId,
    fields: Vec<(Vec<u8>, Vec<u8>)>,
}

impl StreamEntry {
    /// Takes a field out; empty if it isn't there.
    pub(super) fn take(&mut self, name: &str) -> Vec<u8> {
        let found = self.fields.iter_mut().find(|(field, _)| field == name.as_bytes());
        found.map(|(_, value)| std::mem::take(value)).unwrap_or_default()
    }

    /// The frame in it. A missing part is empty, and then the seal doesn't hold.
    pub(super) fn frame(&mut self) -> Frame {
        Frame { header: self.take("h"), payload: Bytes::from(self.take("p")), mac: self.take("m") }
    }
}

fn unexpected(value: &Value) -> BusError {
    BusError::Internal(format!("unexpected answer from Redis: {value:.200?}"))
}

/// A list; nothing is an empty one, a map is its keys and values in turn.
pub(super) fn list(value: Value) -> Result<Vec<Value>, BusError> {
    match value {
        Value::Array(list) | Value::Set(list) => Ok(list),
        Value::Map(pairs) => Ok(pairs.into_iter().flat_map(|(key, value)| [key, value]).collect()),
        Value::Nil => Ok(Vec::new()),
        other => Err(unexpected(&other)),
    }
}

/// A list of whole numbers.
pub(super) fn numbers(value: Value) -> Result<Vec<u64>, BusError> {
    let number = |value| match value {
        Value::Int(number) => u64::try_from(number).map_err(|_| unexpected(&Value::Int(number))),
        other => Err(unexpected(&other)),
    };
    list(value)?.into_iter().map(number).collect()
}

pub(super) fn bytes(value: Value) -> Result<Vec<u8>, BusError> {
    match value {
        Value::BulkString(bytes) => Ok(bytes),
        Value::SimpleString(text) => Ok(text.into_bytes()),
        other => Err(unexpected(&other)),
    }
}

pub(super) fn text(value: Value) -> Result<String, BusError> {
    String::from_utf8(bytes(value)?)
        .map_err(|e| BusError::Internal(format!("unexpected answer from Redis: {e}")))
}

pub(super) fn entry_id(value: Value) -> Result<EntryId, BusError> {
    let text = text(value)?;
    let parse = || {
        let (ms, seq) = text.split_once('-')?;
        Some(EntryId(ms.parse().ok()?, seq.parse().ok()?))
    };
    parse().ok_or_else(|| BusError::Internal(format!("`{text}` is no entry id")))
}

/// The entries of one stream: `[[id, [field, value, …]], …]`. Deleted ones are left out.
pub(super) fn entries(value: Value) -> Result<Vec<StreamEntry>, BusError> {
    let mut entries = Vec::new();
    for entry in list(value)? {
        let mut parts = list(entry)?.into_iter();
        let (Some(id), Some(fields)) = (parts.next(), parts.next()) else { continue };
        let mut values = list(fields)?.into_iter();
        let mut fields = Vec::with_capacity(values.len() / 2);
        while let (Some(name), Some(value)) = (values.next(), values.next()) {
            fields.push((bytes(name)?, bytes(value)?));
        }
        entries.push(StreamEntry { id: entry_id(id)?, fields });
    }
    Ok(entries)
}

/// The entries of several streams, as a map by key.
pub(super) fn streams(value: Value) -> Result<Vec<(String, Vec<StreamEntry>)>, BusError> {
    let mut streams = Vec::new();
    let mut parts = list(value)?.into_iter();
    while let (Some(key), Some(found)) = (parts.next(), parts.next()) {
        streams.push((text(key)?, entries(found)?));
    }
    Ok(streams)
}

/// The ids in an answer of `XPENDING` with a range.
pub(super) fn pending_ids(value: Value) -> Result<Vec<EntryId>, BusError> {
    let mut ids = Vec::new();
    for row in list(value)? {
        if let Some(id) = list(row)?.into_iter().next() {
            ids.push(entry_id(id)?);
        }
    }
    Ok(ids)
}
