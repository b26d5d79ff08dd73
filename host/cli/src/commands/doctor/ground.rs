//! What the checks look at: the settings that a host would have here, and who holds the data directory.

use crate::args::{Place, ServeArgs};
use crate::client::Client;
use crate::failure::Failure;
use crate::home::Home;
use crate::settings::Settings;
use rustix::fs::{major, minor};
use std::fs;
use std::os::unix::fs::MetadataExt;

/// Stands for a token that isn't at hand, so that everything else of the settings is seen.
const TOKEN_ELSEWHERE: &str = "a token that only the host knows";

/// What the checks look at.
pub(super) struct Ground {
    pub(super) place: Place,
    pub(super) home: Home,
    /// The settings of a host that was started here and now, or why there would be none.
    pub(super) settings: Result<Settings, Failure>,
}

impl Ground {
    pub(super) fn new(place: Place, serve: &ServeArgs) -> Result<Self, Failure> {
        let home = Home::find(place.data.as_deref())?;
        let token = place.token.clone().unwrap_or_else(|| TOKEN_ELSEWHERE.replace(' ', "-"));
        let settings = Settings::for_serve(&Place { token: Some(token), ..place.clone() }, serve);
        Ok(Self { place, home, settings })
    }

    /// A client of the host that was named, else of the one that holds the data directory.
    pub(super) fn client(&self) -> Result<Client, Failure> {
        let (domain, token) = (self.place.domain.clone(), self.place.token.clone());
        match &self.place.host {
            Some(url) => Client::at(url, token, domain),
            None => Client::unix(&self.home.socket(), domain),
        }
    }

    /// Whether a host is to be expected: one was named, or something was left where one answers.
    pub(super) fn has_host(&self) -> bool {
        self.place.host.is_some() || self.holder().is_some() || self.home.socket().exists()
    }

    /// The process that holds the lock of the data directory, as the kernel lists it: to try the lock would be
    /// to take it, and a host that starts just then would find it taken.
    pub(super) fn holder(&self) -> Option<u32> {
        let lock = fs::metadata(self.home.lock_file()).ok()?;
        let (major, minor) = (major(lock.dev()), minor(lock.dev()));
        let file = format!("{major:02x}:{minor:02x}:{}", lock.ino());
        let locks = fs::read_to_string("/proc/locks").ok()?;
        // As in `1: FLOCK  ADVISORY  WRITE 4711 08:01:123456 0 EOF`; what waits for a lock has `->` there.
        locks.lines().find_map(|line| {
            let mut words = line.split_whitespace().skip(1);
            let (kind, pid, on) = (words.next()?, words.nth(2)?, words.next()?);
            (kind == "FLOCK" && on == file).then(|| pid.parse().ok())?
        })
    }
}
