//! The pages, one in each file: the parts that the browser hydrates. [`app`](super::app) adds the layout around them.
#![expect(unreachable_pub, reason = "`component` adds a function that is `pub`, whoever may see the component")]

mod account;
mod activity;
mod devices;
mod entrance;
mod forgot;
mod missing;
mod not_me;
mod one_time_link;
mod reauthenticate;
mod second_factor;
mod sign_out;
mod signed_in;
mod waiting;

use super::page::DevicesContent;
use super::page::{ActivityContent, Personal};
use crate::api::data::Account;
use leptos::prelude::*;
use signed_in::SignedIn;

pub use entrance::{sign_in, sign_in_head, sign_up, sign_up_head};
pub use forgot::forgot;
pub use missing::missing;
pub use not_me::not_me;
pub use one_time_link::{link, link_head, link_invalid, link_used};
pub use reauthenticate::reauthenticate;
pub use second_factor::{authenticator_app, recovery_codes, second_factor};
pub use sign_out::sign_out;
pub(crate) use waiting::Leaving;
pub use waiting::{LEAVING, failed, resuming};

pub use devices::devices_head;

/// The list of sessions.
pub fn devices(Personal { username, content }: Personal<DevicesContent>) -> impl IntoView {
    view! {
        <SignedIn>
            <devices::DevicesPage shown=content username />
        </SignedIn>
    }
}

/// The user's own security events.
pub fn activity(Personal { content, .. }: Personal<ActivityContent>) -> impl IntoView {
    view! {
        <SignedIn>
            <activity::ActivityPage shown=content />
        </SignedIn>
    }
}

/// The account: password, export, deletion.
pub fn account(Personal { content, .. }: Personal<Account>) -> impl IntoView {
    view! {
        <SignedIn>
            <account::AccountPage known=content />
        </SignedIn>
    }
}
