//! How somebody wants the pages. It needs no credential: it is about the browser, not about a user.

use super::problem::Problem;
use super::wire::{Post, Wire};
use crate::domain::preferences::{Language, Theme};
use leptos::prelude::*;

/// Keeps how the pages are to look in this browser, for a year, in a cookie; what is left out stays as it is.
#[server(prefix = "", endpoint = "preferences", protocol = Wire<Post>)]
pub async fn choose(
    #[server(default)] theme: Option<Theme>,
    #[server(default)] language: Option<Language>,
) -> Result<(), Problem> {
    crate::server::http::preferences::choose(theme, language)
}
