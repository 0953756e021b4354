//! The page `/not-me`: before the user ends a session that somebody else started, it says what will happen, and asks
//! for the password if that was last entered too long ago. A plain form that needs no JavaScript.

use crate::ui::address::Address;
use crate::ui::clock::PageClock;
use crate::ui::components::device_icon::DeviceIcon;
use crate::ui::components::field::{PasswordField, WhosePassword};
use crate::ui::components::heading::Heading;
use crate::ui::components::message::Alert;
use crate::ui::components::relative_time::{RelativeTime, TimeFormat};
use crate::ui::links;
use crate::ui::notice::Notice;
use crate::ui::page::{NotMeContent, Personal};
use crate::ui::{naming, text};
use leptos::prelude::*;

/// Asks before a session is ended that somebody else started.
pub fn not_me(Personal { username, content }: Personal<NotMeContent>) -> impl IntoView {
    let NotMeContent { session, password_needed } = content;
    let failure = Notice::of_password_page(&Address::expect()).general;
    let mentioned = naming::mention(&session);
    let clock = PageClock::provide();
    Effect::new(move || clock.start());
    view! {
        <Heading title=text().not_me().title />
        <Alert message=failure />
        <div class="whose">
            <div class="device__icon">
                <DeviceIcon kind=session.kind />
            </div>
            <div class="device__facts">
                <p class="device__name">
                    <bdi>{naming::title(&session)}</bdi>
                </p>
                {naming::subtitle(&session).map(|known| view! { <p class="device__line">{known}</p> })}
                <p class="device__line device__line--faint">
                    <span>{text().devices().signed_in} " " <RelativeTime at=session.created_at telling=TimeFormat::Exactly /></span>
                    <span>{text().devices().last_active} " " <RelativeTime at=session.last_seen_at telling=TimeFormat::Ago /></span>
                    {session.ip.map(|address| view! { <span class="device__address">{address}</span> })}
                </p>
            </div>
        </div>
        <p>{text().devices().end_one} " " {text().not_me().then}</p>
        <form class="form" method="post" action=links::post::END_NOT_MINE>
            {password_needed
                .then(|| {
                    let unrefused: Option<String> = None;
                    view! {
                        <p>{text().confirm().lead}</p>
                        <WhosePassword username />
                        <PasswordField
                            id="password"
                            label=text().enter().password
                            autocomplete="current-password"
                            node=NodeRef::new()
                            problem=unrefused
                        />
                    }
                })}
            <button class="button button--danger button--wide" type="submit">
                {(text().devices().sign_out_one)(&mentioned)}
            </button>
        </form>
        <p class="gate__other">
            <a href=links::ACTIVITY>{text().devices().cancel}</a>
        </p>
    }
}
