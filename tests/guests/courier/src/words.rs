//! Texts with secrets to fill in.

use crate::skep::skill::secrets::{self, Error};
use std::{env, sync::OnceLock};

static KEPT: OnceLock<String> = OnceLock::new();

/// The text with placeholders for what is in braces; the host's refusal where there is none.
pub fn fill(text: &str) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or("a brace is open")?;
        filled.push_str(before);
        filled.push_str(&meant(name)?);
        rest = after;
    }
    Ok(filled + rest)
}

fn meant(name: &str) -> Result<String, String> {
    if name == "kept" {
        return KEPT.get().cloned().ok_or_else(|| "nothing was kept".to_owned());
    }
    if let Some(name) = name.strip_prefix('$') {
        return Ok(env::var(name).unwrap_or_default());
    }
    let placeholder = match name.split_once(':') {
        Some((user, name)) => secrets::get_basic(name, user),
        None => secrets::get(name),
    };
    let placeholder = placeholder.map_err(|error| match error {
        Error::Denied(why) => format!("denied: {why}"),
        Error::NotSet(why) => format!("not set: {why}"),
        Error::Unavailable(why) => format!("unavailable: {why}"),
    })?;
    KEPT.get_or_init(|| placeholder.clone());
    Ok(placeholder)
}
