//! Pages of lists: a cursor holds the last name that was given, so what comes and goes meanwhile disturbs nothing.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rmcp::ErrorData;
use rmcp::model::PaginatedRequestParams;

/// Items of one page.
pub(super) const PAGE_MAX: usize = 100;

/// The page that was asked for of `items`, which are sorted by `name`, and the cursor of the next.
pub(super) fn page<T>(
    items: impl Iterator<Item = T>,
    name: impl Fn(&T) -> &str,
    asked: Option<PaginatedRequestParams>,
) -> Result<(Vec<T>, Option<String>), ErrorData> {
    let after = asked.and_then(|asked| asked.cursor).map(|cursor| read(&cursor)).transpose()?;
    let mut rest = items.filter(|item| after.as_ref().is_none_or(|after| name(item) > after.as_str()));
    let page: Vec<T> = rest.by_ref().take(PAGE_MAX).collect();
    let next = page.last().map(|last| URL_SAFE_NO_PAD.encode(name(last)));
    Ok((page, next.filter(|_| rest.next().is_some())))
}

fn read(cursor: &str) -> Result<String, ErrorData> {
    let text = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let wrong = || format!("`{cursor}` is no cursor: use the `nextCursor` of the page before");
    text.ok_or_else(|| ErrorData::invalid_params(wrong(), None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_join_to_the_whole() {
        let names: Vec<String> = (0..PAGE_MAX * 2 + 1).map(|n| format!("{n:04}")).collect();
        let mut cursor = None;
        let mut seen = Vec::new();
        for expect in [PAGE_MAX, PAGE_MAX, 1] {
            let asked = Some(PaginatedRequestParams::default().with_cursor(cursor));
            let (items, next) = page(names.iter(), |name| name.as_str(), asked).unwrap();
            assert_eq!(items.len(), expect);
            seen.extend(items.into_iter().cloned());
            cursor = next;
        }
        assert_eq!((seen, cursor), (names, None));
    }

    #[test]
    fn cursors_of_others_are_refused() {
        for bad in ["ä", "!", "_w"] {
            let asked = Some(PaginatedRequestParams::default().with_cursor(Some(bad.to_owned())));
            assert!(page(["a"].into_iter(), |name| name, asked).is_err(), "{bad}");
        }
    }
}
