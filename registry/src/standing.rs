//! Where a skill stands now: what decides whether that which began under an older look at it may go on.

use crate::{Registry, fault};
use skep_core::{Digest, DomainName, Fault, Grants, Permit, SkillName};
use skep_store::SkillRow;
use std::collections::BTreeSet;

/// The code that a skill has, and what is granted to it. One that is gone has none.
#[derive(Debug, Default)]
pub struct Standing {
    code: BTreeSet<Digest>,
    grants: Grants,
}

impl Registry {
    /// Where a skill stands, as the database has it at this moment.
    pub async fn standing(&self, domain: &DomainName, skill: &SkillName) -> Result<Standing, Fault> {
        let row = self.0.store.skill_load(domain, skill).await.map_err(fault)?;
        Ok(row.map(Standing::of).unwrap_or_default())
    }
}

impl Standing {
    fn of(row: SkillRow) -> Self {
        Self { code: row.versions.iter().map(|version| version.digest).collect(), grants: row.grants }
    }

    /// Whether there is no such skill.
    pub fn is_gone(&self) -> bool {
        self.code.is_empty()
    }

    /// Whether a call that runs under this permit may run on. One whose version was replaced meanwhile may.
    pub fn lets_run(&self, permit: &Permit) -> bool {
        !self.is_gone() && permit.still_granted(&self.grants)
    }

    /// Whether further calls may begin under this permit: its code must be the skill's still, since another
    /// skill may have come under the name.
    pub fn lets_begin(&self, permit: &Permit) -> bool {
        self.code.contains(&permit.digest()) && self.lets_run(permit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skep_core::{Limits, Subject};

    fn standing(code: &[&[u8]], grants: &Grants) -> Standing {
        Standing { code: code.iter().map(|code| Digest::of(code)).collect(), grants: grants.clone() }
    }

    #[test]
    fn nothing_of_a_skill_that_is_gone_goes_on_and_nothing_new_begins_on_code_that_is() {
        let (skill, limits) = ("s".parse().unwrap(), Limits::default());
        let mut given = Grants::from_flags(&[], &["A=b".to_owned()], &[]).unwrap();
        given.digests.insert(Digest::of(b"old"));
        let check = |grants: &Grants, code: &[&[u8]], now: &Grants, run: bool, begin: bool| {
            let digest = Digest::of(b"old");
            let permit = grants.permit(Subject { skill: &skill, digest, requests: None, limits: &limits });
            let standing = standing(code, now);
            assert_eq!((standing.lets_run(&permit), standing.lets_begin(&permit)), (run, begin));
        };
        let none = Grants::default();
        check(&none, &[b"old", b"new"], &none, true, true);
        check(&none, &[b"new"], &none, true, false);
        check(&none, &[], &none, false, false);
        check(&given, &[b"old"], &given, true, true);
        check(&given, &[b"old"], &none, false, false);
        let others = Grants { digests: [Digest::of(b"new")].into(), ..given.clone() };
        check(&given, &[b"old", b"new"], &others, false, false);
    }
}
