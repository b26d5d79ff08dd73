//! What was granted, opened: the only names of the machine's files that are ever looked up.

use super::check::check_rules;
use super::folder::{Base, Folder, Pin};
use super::handle::{Handle, kind};
use cap_std::fs::Dir;
use rustix::fs::FileType;
use rustix::io::Errno;
use skep_core::{Fault, FileRule, GuestPath};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

/// The granted directories and files, held by handle. A file that is replaced later stays the old one here:
/// open the roots anew for every call.
#[derive(Default)]
pub struct Roots {
    preopens: BTreeMap<GuestPath, Folder>,
}

impl Roots {
    /// Opens what `rules` grant: a few short system calls a rule, none without rules.
    pub fn open(rules: &[FileRule]) -> Result<Self, Fault> {
        check_rules(rules).map_err(|error| Fault::denied(error.to_string()))?;
        let mut roots = Self::default();
        let mut files = Vec::new();
        for rule in rules {
            match Held::take(rule)? {
                Held::Directory(dir) => {
                    let folder = Folder::plain(roots.preopens.len(), dir, rule.access);
                    roots.preopens.insert(rule.guest.clone(), folder);
                }
                Held::File(file) => files.push((rule, Pin { file: Arc::new(file), access: rule.access })),
            }
        }
        for (rule, pin) in files {
            roots.pin(&rule.guest, pin)?;
        }
        Ok(roots)
    }

    /// The directories that a guest starts with.
    pub(super) fn preopens(&self) -> impl Iterator<Item = (&GuestPath, &Folder)> {
        self.preopens.iter()
    }

    /// Lays a granted file over the directory at its parent.
    fn pin(&mut self, guest: &GuestPath, pin: Pin) -> Result<(), Fault> {
        let nameless = || Fault::denied("a file can't be granted as `/`: name it, as in `/data.csv`");
        let (parent, name) = guest.as_str().rsplit_once('/').ok_or_else(nameless)?;
        if name.is_empty() {
            return Err(nameless());
        }
        let parent: GuestPath = format!("{parent}/").parse().map_err(|_| nameless())?;
        let mut folder = self.preopens.remove(&parent).unwrap_or_else(|| self.covering(&parent));
        Arc::make_mut(&mut folder.pins).insert(name.to_owned(), pin);
        self.preopens.insert(parent, folder);
        Ok(())
    }

    /// The folder at `guest` below the nearest granted directory, else a folder of nothing.
    fn covering(&self, guest: &GuestPath) -> Folder {
        let nothing = Folder { root: self.preopens.len(), base: None, pins: Arc::default() };
        let covers = self.preopens.iter().filter(|(outer, _)| outer.covers(guest));
        let nearest = covers.max_by_key(|(outer, _)| outer.as_str().len());
        let Some((outer, Folder { root, base: Some(Base { dir, access }), .. })) = nearest else {
            return nothing;
        };
        let path = guest.as_str()[outer.as_str().len()..].trim_start_matches('/');
        match Handle::below(dir, path, true).and_then(|held| held.directory()) {
            Ok(dir) => Folder::plain(*root, dir, *access),
            Err(_) => nothing,
        }
    }
}

/// What a rule grants, once it was looked at.
enum Held {
    Directory(Dir),
    File(Handle),
}

impl Held {
    fn take(rule: &FileRule) -> Result<Self, Fault> {
        if !rule.host.is_absolute() {
            return Err(Fault::denied(format!(
                "`{}` was granted by a relative path: grant it again",
                rule.guest
            )));
        }
        let held = Handle::absolute(&rule.host).map_err(|error| fault(rule, &error))?;
        match kind(&held.metadata().map_err(|error| fault(rule, &error))?) {
            FileType::RegularFile => Ok(Self::File(held)),
            FileType::Directory => held.directory().map(Self::Directory).map_err(|error| fault(rule, &error)),
            _ => Err(Fault::denied(format!(
                "what was granted at `{}` is neither a directory nor a regular file now: \
                 restore it, or revoke the grant",
                rule.guest
            ))),
        }
    }
}

/// The caller learns the guest path; the operator finds the machine's path in the log.
fn fault(rule: &FileRule, error: &io::Error) -> Fault {
    tracing::warn!(host = %rule.host.display(), guest = %rule.guest, %error, "can't open what was granted");
    let guest = &rule.guest;
    match Errno::from_io_error(error) {
        Some(Errno::LOOP) => Fault::denied(format!(
            "what was granted at `{guest}` is reached through a symbolic link now: grant it again"
        )),
        _ => Fault::unavailable(format!(
            "what was granted at `{guest}` can't be opened ({}): restore it, or revoke the grant",
            error.kind()
        )),
    }
}
