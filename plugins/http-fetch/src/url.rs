//! The parts of a URL that a request is made from. What they may be is for the host to decide.

/// `SCHEME://AUTHORITY[/PATH][?QUERY]`, without what is behind `#`.
#[derive(Debug, PartialEq)]
pub struct Url<'a> {
    pub scheme: &'a str,
    pub authority: &'a str,
    /// Begins with `/` or `?`, or is empty.
    pub path: &'a str,
}

impl<'a> Url<'a> {
    pub fn parse(text: &'a str) -> Option<Self> {
        let text = text.split_once('#').map_or(text, |(text, _)| text);
        let (scheme, rest) = text.split_once("://")?;
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        (!authority.is_empty()).then_some(Self { scheme, authority, path })
    }

    /// What a grant of its place is called.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Option<(&str, &str, &str)>) {
        assert_eq!(Url::parse(text).map(|url| (url.scheme, url.authority, url.path)), expect);
    }

    #[test]
    fn urls_come_apart() {
        check("https://a.example/x?y#z", Some(("https", "a.example", "/x?y")));
        check("http://a.example:81", Some(("http", "a.example:81", "")));
        check("http://[::1]:81?y=/", Some(("http", "[::1]:81", "?y=/")));
        check("a.example/x", None);
        check("https:///x", None);
    }
}
