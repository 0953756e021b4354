//! Stores how somebody wants the pages. It needs no credential, because it concerns the browser and not a user.
#![expect(missing_docs, reason = "an argument of a server function becomes a field; the function says what it is")]

use super::problem::Problem;
use super::wire::{Post, Wire};
use crate::domain::preferences::{Language, Theme};
use leptos::prelude::*;

/// Stores the theme and language of this browser's pages in a cookie for a year. Omitted values stay unchanged.
#[server(prefix = "", endpoint = "preferences", protocol = Wire<Post>)]
pub async fn choose(
    #[server(default)] theme: Option<Theme>,
    #[server(default)] language: Option<Language>,
) -> Result<(), Problem> {
    crate::server::http::preferences::choose(theme, language)
}
