//! The secrets of one call: the guest holds placeholders, only requests to the right places bear values, and what
//! comes back is scrubbed.
//!
//! Placeholders are replaced in the values of headers and nowhere else: in a URL or a body they go out as they
//! are, and are worth nothing to who finds them there.

use super::scrub::{Form, Forms, Scrubber, form, forms};
use crate::Services;
use crate::services::Nobody;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, HeaderValue, header};
use parking_lot::Mutex;
use rand::TryRngCore;
use skep_core::{Fault, Origin, Permit, SecretName, SecretRule, SecretValue, SkillName};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// What a placeholder begins with.
const MARK: &str = "skep-secret-";
/// The random part of a placeholder: 128 bits in hex.
const RANDOM_BYTES: usize = 16;
/// Length of a placeholder.
const PLACEHOLDER_CHARS: usize = MARK.len() + 2 * RANDOM_BYTES;
/// Placeholders for Basic authentication in one call.
const BASICS_MAX: usize = 64;
/// Longest user of Basic authentication.
const USER_BYTES_MAX: usize = 256;
/// What the values in the headers of one request may come to.
const REVEALED_BYTES_MAX: usize = 64 << 10;

/// Why a secret isn't given, in words for the skill's author or its operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Withheld {
    /// It isn't granted, or not for there.
    Denied(String),
    /// It is granted, and nobody has set it.
    NotSet(String),
    /// It can't be had now.
    Unavailable(String),
}

impl fmt::Display for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Denied(why) | Self::NotSet(why) | Self::Unavailable(why)) = self;
        f.write_str(why)
    }
}

/// What a placeholder stands for: a value, or what Basic authentication makes of it and a user.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Meaning {
    name: SecretName,
    user: Option<String>,
}

/// What a call may use of secrets, and what it has used.
pub(crate) struct Secrets {
    skill: SkillName,
    rules: BTreeSet<SecretRule>,
    services: Mutex<Arc<dyn Services>>,
    used: Mutex<Used>,
}

#[derive(Default)]
struct Used {
    placeholders: BTreeMap<Meaning, Arc<str>>,
    values: BTreeMap<SecretName, Arc<SecretValue>>,
}

impl Secrets {
    pub(crate) fn new(permit: &Permit, services: Arc<dyn Services>) -> Self {
        let (skill, rules) = (permit.skill().clone(), permit.secrets().clone());
        Self { skill, rules, services: Mutex::new(services), used: Mutex::default() }
    }

    /// The same for the next call of a session: no placeholder and no value is taken over.
    pub(crate) fn anew(&self, services: Arc<dyn Services>) -> Self {
        let (skill, rules) = (self.skill.clone(), self.rules.clone());
        Self { skill, rules, services: Mutex::new(services), used: Mutex::default() }
    }

    /// Forgets the call, which is over.
    pub(crate) fn leave(&self) {
        *self.services.lock() = Arc::new(Nobody);
        *self.used.lock() = Used::default();
    }

    /// The placeholders of all secrets that are granted, by name.
    pub(crate) fn granted(&self) -> Vec<(SecretName, Arc<str>)> {
        let names = BTreeSet::from_iter(self.rules.iter().map(SecretRule::name));
        let plain = |name: &SecretName| Meaning { name: name.clone(), user: None };
        names
            .into_iter()
            .filter_map(|name| Some((name.clone(), self.placeholder(plain(name)).ok()?)))
            .collect()
    }

    /// A placeholder for a secret that is granted and set; with a user, for `Authorization: Basic`.
    pub(crate) async fn ask(&self, name: &str, user: Option<String>) -> Result<Arc<str>, Withheld> {
        let name = self.check_granted(name)?;
        if let Some(user) = &user {
            check_user(user)?;
        }
        if self.value(&name).await?.is_none() {
            return Err(not_set(&name));
        }
        self.placeholder(Meaning { name, user })
    }

    /// Refuses headers with placeholders of secrets that may not go there.
    fn check(&self, to: &Origin, headers: &HeaderMap) -> Result<(), Withheld> {
        let known = self.known(to);
        for placeholder in headers.values().flat_map(|value| placeholders(value.as_bytes())) {
            self.check_destination(&self.meaning(placeholder)?.name, &known, to)?;
        }
        Ok(())
    }

    /// Puts the values where the headers of a request have placeholders. Gives what scrubs the answer:
    /// of all secrets that this origin may know, also where this request bears none.
    pub(super) async fn reveal(&self, to: &Origin, headers: &mut HeaderMap) -> Result<Scrubber, Withheld> {
        self.check(to, headers)?;
        for name in &self.known(to) {
            self.value(name).await?;
        }
        let mut room = REVEALED_BYTES_MAX;
        for value in headers.values_mut() {
            if let Some(revealed) = self.revealed(value, &mut room)? {
                *value = revealed;
            }
        }
        let scrubber = Scrubber::new(Arc::new(Forms::new(self.forms())));
        if !scrubber.idle() {
            // What is compressed can't be scrubbed.
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        Ok(scrubber)
    }

    fn known(&self, to: &Origin) -> BTreeSet<SecretName> {
        self.rules.iter().filter(|rule| rule.to().covers(to)).map(|rule| rule.name().clone()).collect()
    }

    fn check_granted(&self, name: &str) -> Result<SecretName, Withheld> {
        let granted = self.rules.iter().map(SecretRule::name).find(|granted| granted.as_str() == name);
        granted.cloned().ok_or_else(|| {
            let (skill, shown) = (&self.skill, name.get(..64).unwrap_or(name));
            Withheld::Denied(format!(
                "skill `{skill}` may not use the secret `{shown}`: `skep grant {skill} --secret {shown}=https://HOST` \
                 lets it, if its manifest asks for it"
            ))
        })
    }

    fn check_destination(
        &self,
        name: &SecretName,
        known: &BTreeSet<SecretName>,
        to: &Origin,
    ) -> Result<(), Withheld> {
        if known.contains(name) {
            return Ok(());
        }
        let allowed = self.rules.iter().filter(|rule| rule.name() == name).map(|rule| rule.to().to_string());
        Err(Withheld::Denied(format!(
            "the secret `{name}` may not be sent to {to}, only to {}: `skep grant {} --secret {name}={to}` lets it, \
             where that is meant",
            allowed.collect::<Vec<_>>().join(", "),
            self.skill,
        )))
    }

    /// The value, fetched once a call.
    async fn value(&self, name: &SecretName) -> Result<Option<Arc<SecretValue>>, Withheld> {
        if let Some(value) = self.used.lock().values.get(name) {
            return Ok(Some(Arc::clone(value)));
        }
        let services = Arc::clone(&*self.services.lock());
        let fetched = services.secret(name).await;
        let Some(value) = fetched.map_err(|fault: Fault| Withheld::Unavailable(fault.message))? else {
            return Ok(None);
        };
        let mut used = self.used.lock();
        Ok(Some(Arc::clone(used.values.entry(name.clone()).or_insert_with(|| Arc::new(value)))))
    }

    fn placeholder(&self, meaning: Meaning) -> Result<Arc<str>, Withheld> {
        let mut used = self.used.lock();
        if let Some(placeholder) = used.placeholders.get(&meaning) {
            return Ok(Arc::clone(placeholder));
        }
        let basics = used.placeholders.keys().filter(|meaning| meaning.user.is_some()).count();
        if meaning.user.is_some() && basics >= BASICS_MAX {
            let full = format!("a call has {BASICS_MAX} placeholders with a user at most");
            return Err(Withheld::Unavailable(full));
        }
        let mut random = [0; RANDOM_BYTES];
        rand::rngs::OsRng
            .try_fill_bytes(&mut random)
            .map_err(|error| Withheld::Unavailable(format!("no random numbers: {error}")))?;
        let placeholder = Arc::<str>::from(format!("{MARK}{}", hex::encode(random)));
        used.placeholders.insert(meaning, Arc::clone(&placeholder));
        Ok(placeholder)
    }

    fn meaning(&self, placeholder: &[u8]) -> Result<Meaning, Withheld> {
        let used = self.used.lock();
        let found = used.placeholders.iter().find(|(_, own)| own.as_bytes() == placeholder);
        found.map(|(meaning, _)| meaning.clone()).ok_or_else(|| {
            Withheld::Denied(
                "a header holds a placeholder of another call: ask for it in each call anew".into(),
            )
        })
    }

    /// The header's value with secrets for placeholders, if it has any.
    fn revealed(&self, value: &HeaderValue, room: &mut usize) -> Result<Option<HeaderValue>, Withheld> {
        let (mut rest, mut revealed) = (value.as_bytes(), Zeroizing::new(Vec::new()));
        while let Some(at) = next_placeholder(rest) {
            let text = self.meant(&self.meaning(&rest[at..at + PLACEHOLDER_CHARS])?)?;
            *room = room.checked_sub(text.len()).ok_or_else(|| {
                Withheld::Denied(format!(
                    "the headers of a request hold {REVEALED_BYTES_MAX} bytes of secrets at most"
                ))
            })?;
            revealed.extend_from_slice(&rest[..at]);
            revealed.extend_from_slice(text.as_bytes());
            rest = &rest[at + PLACEHOLDER_CHARS..];
        }
        if rest.len() == value.len() {
            return Ok(None);
        }
        revealed.extend_from_slice(rest);
        let unfit = |_| Withheld::Unavailable("a header with its secret is no header".to_owned());
        let mut revealed = HeaderValue::from_bytes(&revealed).map_err(unfit)?;
        revealed.set_sensitive(true);
        Ok(Some(revealed))
    }

    fn meant(&self, meaning: &Meaning) -> Result<Zeroizing<String>, Withheld> {
        let value = self.used.lock().values.get(&meaning.name).cloned();
        let value = value.ok_or_else(|| not_set(&meaning.name))?;
        Ok(Zeroizing::new(match &meaning.user {
            None => value.reveal().to_owned(),
            Some(user) => {
                BASE64_STANDARD.encode(Zeroizing::new(format!("{user}:{}", value.reveal())).as_bytes())
            }
        }))
    }

    /// All that an answer may repeat of what this call has fetched.
    fn forms(&self) -> Vec<Form> {
        let values = self.used.lock().values.clone();
        let plain = values.iter().filter_map(|(name, value)| {
            let placeholder = self.placeholder(Meaning { name: name.clone(), user: None }).ok()?;
            Some(forms(value.reveal(), &placeholder))
        });
        let plain: Vec<Form> = plain.flatten().collect();
        let placeholders = self.used.lock().placeholders.clone();
        let basics = placeholders.iter().filter(|(meaning, _)| meaning.user.is_some());
        let basics = basics.filter_map(|(meaning, own)| Some(form(&self.meant(meaning).ok()?, own)));
        basics.chain(plain).collect()
    }
}

fn not_set(name: &SecretName) -> Withheld {
    Withheld::NotSet(format!("the secret `{name}` is granted but not set: `skep secret set {name}`"))
}

fn check_user(user: &str) -> Result<(), Withheld> {
    if user.len() <= USER_BYTES_MAX && !user.contains([':', '\0']) && !user.contains(char::is_control) {
        return Ok(());
    }
    let rule = format!("a user has {USER_BYTES_MAX} bytes at most, no `:` and no control characters");
    Err(Withheld::Denied(rule))
}

/// Where the next placeholder begins.
fn next_placeholder(text: &[u8]) -> Option<usize> {
    let hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let whole = |text: &[u8]| text.strip_prefix(MARK.as_bytes()).is_some_and(|rest| rest.iter().all(hex));
    text.windows(PLACEHOLDER_CHARS).position(whole)
}

fn placeholders(mut text: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let found = &text[next_placeholder(text)?..];
        let (placeholder, rest) = found.split_at(PLACEHOLDER_CHARS);
        text = rest;
        Some(placeholder)
    })
}
