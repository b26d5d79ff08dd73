//! The files of the repository that this program carries: `sdk/*/library`, `sdk/**/template*`, `wit/`.

mod table {
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}

/// A file, by its path below the folder that was asked for.
pub(crate) type Embedded = (&'static str, &'static [u8]);

/// The files below a folder of the repository, in the order of their names; none if there is no such folder.
pub(crate) fn below(folder: &str) -> impl Iterator<Item = Embedded> {
    table::FILES.iter().filter_map(move |(path, bytes)| {
        let rest = path.strip_prefix(folder)?.strip_prefix('/')?;
        Some((rest, *bytes))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_with_guests_is_carried() {
        let names: Vec<_> = below("wit").map(|(name, _)| name).collect();
        assert!(names.contains(&"skill.wit") && names.contains(&"deps/keyvalue/store.wit"), "{names:?}");
        assert!(!names.iter().any(|name| name.ends_with(".md")), "{names:?}");
        assert_eq!(below("wi").count() + below("nothing").count(), 0);
    }
}
