//! The pages of somebody who is signed in, as routes. Their code is a file of its own, which loads when the first of
//! them is opened: who is only signing in does not wait for it.

use super::account::AccountPage;
use super::activity::ActivityPage;
use super::devices::DevicesPage;
use super::signed_in::SignedIn;
use crate::ui::whole::IntoWhole as _;
use crate::ui::{browser, links};
use leptos::prelude::*;
use leptos_router::ChooseView;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

/// One of the pages, or the frame around all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedInPage {
    Frame,
    Devices,
    Activity,
    Account,
}

/// Renders a page by the code that is loaded for it.
#[wasm_split(signed_in, fallible, preload(load))]
pub fn rendered(page: SignedInPage) -> Result<AnyView, SplitLoaderError> {
    Ok(match page {
        SignedInPage::Frame => view! { <SignedIn /> }.into_whole(),
        SignedInPage::Devices => view! { <DevicesPage /> }.into_whole(),
        SignedInPage::Activity => view! { <ActivityPage /> }.into_whole(),
        SignedInPage::Account => view! { <AccountPage /> }.into_whole(),
    })
}

impl SignedInPage {
    const fn path(self) -> Option<&'static str> {
        match self {
            Self::Frame => None,
            Self::Devices => Some(links::DEVICES),
            Self::Activity => Some(links::ACTIVITY),
            Self::Account => Some(links::ACCOUNT),
        }
    }
}

impl ChooseView for SignedInPage {
    async fn choose(self) -> AnyView {
        leptos::prefetch_lazy_fn_on_server("signed_in");
        match rendered(self).await {
            Ok(view) => view,
            // The file is gone or cannot be reached, as when the server was updated meanwhile: the whole page anew.
            Err(_) => {
                if let Some(path) = self.path() {
                    browser::replace(path);
                }
                ().into_whole()
            }
        }
    }

    async fn preload(&self) {}
}
