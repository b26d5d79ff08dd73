//! Property tests of the permit rules: effective is never more than requested, nor more than granted.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use proptest::prelude::*;
use skep_core::{
    Access, Digest, FileRequest, FileRule, Grants, GuestPath, Limits, NetRule, Requests, Revocation,
    SecretName, SecretRule, SkillName, Subject,
};

fn access() -> impl Strategy<Value = Access> {
    prop_oneof![Just(Access::Ro), Just(Access::Rw)]
}

fn path() -> impl Strategy<Value = GuestPath> {
    proptest::collection::vec("[ab]{1,2}", 0..4)
        .prop_map(|parts| format!("/{}", parts.join("/")).parse().expect("a guest path"))
}

fn rules() -> impl Strategy<Value = Vec<FileRule>> {
    let rule = (path(), access()).prop_map(|(guest, access)| FileRule {
        host: format!("/srv{guest}").into(),
        guest,
        access,
    });
    proptest::collection::vec(rule, 0..6)
}

fn skill() -> impl Strategy<Value = SkillName> {
    "[a-d]".prop_map(|name| name.parse().expect("a skill name"))
}

fn place() -> impl Strategy<Value = NetRule> {
    "https://(\\*|(\\*\\.)?(a\\.)?b\\.c|1\\.1\\.1\\.1)(:8443|:\\*)?"
        .prop_map(|text| text.parse().expect("a rule"))
}

fn secret() -> impl Strategy<Value = SecretRule> {
    ("[K-M]", place()).prop_filter_map("a destination", |(name, to)| {
        SecretRule::new(name.parse::<SecretName>().expect("a name"), to).ok()
    })
}

fn requests() -> impl Strategy<Value = Requests> {
    let file = (path(), access()).prop_map(|(path, access)| FileRequest { path, access, why: String::new() });
    let files = proptest::collection::vec(file, 0..4);
    let env = proptest::collection::vec("[A-C]", 0..3);
    let network = proptest::collection::vec(place(), 0..3);
    let secrets = proptest::collection::vec("[K-M]".prop_map(|name| name.parse().expect("a name")), 0..3);
    let skills = proptest::collection::vec(skill(), 0..3);
    (files, env, network, secrets, skills).prop_map(|(files, env, network, secrets, skills)| Requests {
        files,
        env,
        network,
        secrets,
        skills,
    })
}

fn grants() -> impl Strategy<Value = Grants> {
    let env = proptest::collection::btree_map("[A-D]", "[a-z]{0,4}", 0..4);
    let skills = proptest::collection::btree_set(skill(), 0..3);
    let network = proptest::collection::btree_set(place(), 0..4);
    let secrets = proptest::collection::btree_set(secret(), 0..3);
    let digests = || [Digest::of(b"v1")].into();
    (rules(), env, network, secrets, skills).prop_map(move |(files, env, network, secrets, skills)| Grants {
        files,
        env,
        network,
        secrets,
        skills,
        digests: digests(),
    })
}

fn subject<'a>(skill: &'a SkillName, limits: &'a Limits, requests: Option<&'a Requests>) -> Subject<'a> {
    Subject { skill, digest: Digest::of(b"v1"), requests, limits }
}

proptest! {
    #[test]
    fn effective_is_within_request_and_grant(grants in grants(), requests in requests()) {
        let (skill, limits) = ("s".parse().unwrap(), Limits::default());
        let permit = grants.permit(subject(&skill, &limits, Some(&requests)));
        for rule in permit.files() {
            prop_assert!(requests.access_at(&rule.guest).is_some_and(|a| a >= rule.access));
            prop_assert!(grants.files.iter().any(
                |g| g.host == rule.host && g.guest == rule.guest && g.access >= rule.access));
        }
        for (key, value) in permit.env() {
            prop_assert!(requests.env.contains(key) && grants.env.get(key) == Some(value));
        }
        for rule in permit.network() {
            prop_assert!(requests.network.iter().any(|asked| rule.within(asked)));
            prop_assert!(grants.network.iter().any(|given| rule.within(given)));
        }
        for secret in permit.secrets() {
            prop_assert!(requests.secrets.contains(secret.name()) && grants.secrets.contains(secret));
        }
        for skill in permit.skills() {
            prop_assert!(requests.skills.contains(skill) && grants.skills.contains(skill));
        }
    }

    #[test]
    fn what_is_both_requested_and_granted_is_effective(grants in grants(), requests in requests()) {
        let (skill, limits) = ("s".parse().unwrap(), Limits::default());
        let permit = grants.permit(subject(&skill, &limits, Some(&requests)));
        for rule in &grants.files {
            let asked = requests.access_at(&rule.guest);
            let given = permit.files().iter().find(|r| r.guest == rule.guest && r.host == rule.host);
            prop_assert_eq!(given.is_some(), asked.is_some());
        }
    }

    #[test]
    fn without_a_manifest_the_grant_alone_decides(grants in grants()) {
        let (skill, limits) = ("s".parse().unwrap(), Limits::default());
        let permit = grants.permit(subject(&skill, &limits, None));
        prop_assert_eq!(permit.files(), &grants.files[..]);
        prop_assert_eq!(permit.env(), &grants.env);
        prop_assert_eq!(permit.network(), &grants.network);
        prop_assert_eq!(permit.secrets(), &grants.secrets);
        prop_assert_eq!(permit.skills(), &grants.skills);
    }

    #[test]
    fn another_digest_gets_nothing(grants in grants()) {
        let (skill, limits) = ("s".parse().unwrap(), Limits::default());
        let other = Subject { digest: Digest::of(b"v2"), ..subject(&skill, &limits, None) };
        let permit = grants.permit(other);
        prop_assert!(permit.files().is_empty() && permit.env().is_empty() && permit.skills().is_empty());
        prop_assert!(permit.network().is_empty() && permit.secrets().is_empty());
    }

    #[test]
    fn a_permit_ends_with_the_rule_it_was_made_from(grants in grants()) {
        let (skill, limits) = ("s".parse().unwrap(), Limits::default());
        let permit = grants.permit(subject(&skill, &limits, None));
        prop_assert!(permit.still_granted(&grants));
        for rule in permit.files() {
            let mut less = grants.clone();
            less.revoke(&Revocation { files: vec![rule.guest.clone()], ..Revocation::default() });
            prop_assert!(!permit.still_granted(&less));
        }
        for key in permit.env().keys() {
            let mut less = grants.clone();
            less.revoke(&Revocation { env: vec![key.clone()], ..Revocation::default() });
            prop_assert!(!permit.still_granted(&less));
        }
        for secret in permit.secrets() {
            let mut less = grants.clone();
            less.revoke(&Revocation { secrets: vec![secret.name().clone()], ..Revocation::default() });
            prop_assert!(!permit.still_granted(&less));
        }
        let mut less = grants.clone();
        less.network.clear();
        prop_assert_eq!(permit.still_granted(&less), grants.network.is_empty());
        for skill in permit.skills() {
            let mut less = grants.clone();
            less.revoke(&Revocation { skills: vec![skill.clone()], ..Revocation::default() });
            prop_assert!(!permit.still_granted(&less));
        }
    }

    #[test]
    fn a_permit_ends_when_its_grants_are_given_to_other_code(grants in grants()) {
        let (skill, limits) = ("s".parse().unwrap(), Limits::default());
        let permit = grants.permit(subject(&skill, &limits, None));
        let others = Grants { digests: [Digest::of(b"v2")].into(), ..grants };
        prop_assert_eq!(permit.still_granted(&others), others.is_empty());
    }

    #[test]
    fn requests_that_do_not_grow_yield_no_new_rights(
        older in requests(), newer in requests(), grants in grants()
    ) {
        if newer.within(&older) {
            let (skill, limits) = ("s".parse().unwrap(), Limits::default());
            let before = grants.permit(subject(&skill, &limits, Some(&older)));
            let after = grants.permit(subject(&skill, &limits, Some(&newer)));
            for rule in after.files() {
                prop_assert!(before.files().iter().any(
                    |b| b.guest == rule.guest && b.host == rule.host && b.access >= rule.access));
            }
            prop_assert!(after.network().iter().all(|rule| before.network().iter().any(|b| rule.within(b))));
            prop_assert!(after.secrets().is_subset(before.secrets()));
            prop_assert!(after.env().keys().all(|key| before.env().contains_key(key)));
            prop_assert!(after.skills().is_subset(before.skills()));
        }
    }
}
