//! The address of the current page, with the query that pages read.

use super::browser;
use super::page::Page;
use leptos::prelude::{expect_context, provide_context};

/// Path and query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// An address from the path and query of a request.
    pub fn new(path_and_query: impl Into<String>) -> Self {
        Self(path_and_query.into())
    }

    /// The address of the current page in the browser.
    pub fn here() -> Self {
        Self(browser::here())
    }

    /// Provides the address to all views of the page.
    pub fn provide(self) {
        provide_context(self);
    }

    /// The address of the page that the view is in.
    pub fn expect() -> Self {
        expect_context()
    }

    /// The page that is there.
    pub fn page(&self) -> Page {
        Page::at(&self.0)
    }

    /// Path and query, as a request names them.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part of the path: the token, on the page of a one-time link.
    pub fn last_part(&self) -> &str {
        let path = self.0.split(['?', '#']).next().unwrap_or_default();
        path.rsplit('/').next().unwrap_or_default()
    }

    /// The value of the query parameter `name`.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let (_, query) = self.0.split_once('?')?;
        form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_as_it_is_written() {
        let address = Address::new("/login?returnTo=%2Fdevices%3Fa%3Db&error=x+y");
        assert_eq!(address.parameter("returnTo").as_deref(), Some("/devices?a=b"));
        assert_eq!(address.parameter("error").as_deref(), Some("x y"));
        assert_eq!(address.parameter("field"), None);
        assert_eq!(Address::new("/login").parameter("error"), None);
        assert_eq!(address.page(), Page::SignIn);
        let address = Address::new("/reset/n4bQ?error=x/y");
        assert_eq!((address.page(), address.last_part()), (Page::Reset, "n4bQ"));
    }
}
