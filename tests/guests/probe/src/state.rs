//! State between calls. What the host refuses is reported with its own words.

use serde_json::{Value, json};

use crate::{
    exports::skep::skill::tools::Error,
    input::{number, refused, size, text, worked},
    skep::skill::state::compare_and_set,
    wasi::keyvalue::{
        atomics, batch,
        store::{self, Bucket},
    },
};

type Tried = Result<Value, store::Error>;

pub fn run(input: &Value) -> Result<Value, Error> {
    on_bucket(input, |bucket| {
        let key = input["key"].as_str().unwrap_or_default();
        let tried: Tried = match text(input, "op")? {
            "get" => bucket.get(key).map(shown),
            "set" => bucket.set(key, &value(input)?.unwrap_or_default()).map(Value::from),
            "delete" => bucket.delete(key).map(Value::from),
            "exists" => bucket.exists(key).map(Value::from),
            "keys" => all_keys(bucket),
            "increment" => atomics::increment(bucket, key, number(input, "delta")?).map(Value::from),
            "swap" => {
                let expected = input["expected"].as_str().map(str::as_bytes);
                compare_and_set(bucket, key, expected, value(input)?.as_deref()).map(Value::from)
            }
            other => return Err(Error::InvalidInput(format!("op: no {other}"))),
        };
        Ok(tried)
    })
}

pub fn many(input: &Value) -> Result<Value, Error> {
    on_bucket(input, |bucket| {
        let keys: Vec<String> = (0..number(input, "keys")?).map(|n| format!("k{n}")).collect();
        let tried: Tried = match text(input, "op")? {
            "get" => batch::get_many(bucket, &keys).map(|found| found.iter().flatten().count().into()),
            "set" => {
                let value = value(input)?.unwrap_or_default();
                let pairs: Vec<_> = keys.into_iter().map(|key| (key, value.clone())).collect();
                batch::set_many(bucket, &pairs).map(Value::from)
            }
            "delete" => batch::delete_many(bucket, &keys).map(Value::from),
            other => return Err(Error::InvalidInput(format!("op: no {other}"))),
        };
        Ok(tried)
    })
}

pub fn open_many(input: &Value) -> Result<Value, Error> {
    let mut kept = Vec::new();
    for _ in 0..number(input, "count")? {
        match store::open("hot") {
            Ok(bucket) => kept.push(bucket),
            Err(error) => return Ok(json!({ "error": words(&error), "open": kept.len() })),
        }
    }
    Ok(worked(kept.len()))
}

/// Opens the bucket and reports what came of `work`: `{"ok": …}` or `{"error": …}`.
fn on_bucket(input: &Value, work: impl FnOnce(&Bucket) -> Result<Tried, Error>) -> Result<Value, Error> {
    let tried = match store::open(text(input, "bucket")?) {
        Ok(bucket) => work(&bucket)?,
        Err(error) => Err(error),
    };
    Ok(tried.map_or_else(|error| refused(words(&error)), worked))
}

fn value(input: &Value) -> Result<Option<Vec<u8>>, Error> {
    if input["bytes"].is_null() {
        return Ok(input["value"].as_str().map(Into::into));
    }
    Ok(Some(vec![b'x'; size(input, "bytes")?]))
}

fn all_keys(bucket: &Bucket) -> Tried {
    let (mut keys, mut cursor, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = bucket.list_keys(cursor)?;
        keys.extend(page.keys);
        pages += 1;
        cursor = page.cursor;
        if cursor.is_none() {
            return Ok(json!({ "keys": keys, "pages": pages }));
        }
    }
}

fn shown(value: Option<Vec<u8>>) -> Value {
    value.map(|value| String::from_utf8_lossy(&value).into_owned()).into()
}

fn words(error: &store::Error) -> String {
    match error {
        store::Error::NoSuchStore => "no-such-store".to_owned(),
        store::Error::AccessDenied => "access-denied".to_owned(),
        store::Error::Other(message) => message.clone(),
    }
}
