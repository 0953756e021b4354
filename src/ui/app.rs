//! Renders the app on the server. In the browser each page is hydrated by itself (see `hydrate`).

use super::components::frame::Frame;
use super::components::gate::Gate;
use super::form_result::FormResult;
use super::page::Content;
use super::pages;
use leptos::prelude::*;

/// The id of the element whose content is hydrated. What is outside of it stays as the server rendered it.
pub const ROOT: &str = "content";

/// The content of a page that is not interactive.
const NOTHING: Option<()> = None;

/// The body of a page. Only the server calls this: it includes the code of all pages. `result` is the result of the
/// form before this page.
pub fn written(content: Content, result: Option<FormResult>) -> AnyView {
    let page = content.page();
    match content {
        Content::SignIn(farewell) => {
            let head = pages::sign_in_head(farewell).into_any();
            view! { <Gate head>{pages::sign_in()}</Gate> }.into_any()
        }
        Content::SignUp => {
            let head = pages::sign_up_head().into_any();
            view! { <Gate head>{pages::sign_up()}</Gate> }.into_any()
        }
        Content::SecondFactor { recovery } => {
            view! { <Gate head=pages::second_factor(recovery).into_any()>{NOTHING}</Gate> }.into_any()
        }
        Content::AuthenticatorApp(begun) => {
            view! { <Gate head=pages::authenticator_app(begun).into_any()>{NOTHING}</Gate> }.into_any()
        }
        Content::RecoveryCodes(codes) => {
            view! { <Gate head=pages::recovery_codes(codes).into_any()>{NOTHING}</Gate> }.into_any()
        }
        Content::Reauthenticate(personal) => {
            let head = ().into_any();
            view! { <Gate head>{pages::reauthenticate(personal)}</Gate> }.into_any()
        }
        Content::SignOut(asked) => view! { <Gate head=pages::sign_out(asked).into_any()>{NOTHING}</Gate> }.into_any(),
        Content::NotMe(personal) => {
            let head = ().into_any();
            view! { <Gate head>{pages::not_me(personal)}</Gate> }.into_any()
        }
        Content::Link(link) => {
            let head = pages::link_head(&link).into_any();
            view! { <Gate head>{pages::link(link)}</Gate> }.into_any()
        }
        Content::Forgot(contact) => view! { <Gate head=pages::forgot(contact).into_any()>{NOTHING}</Gate> }.into_any(),
        Content::LinkUsed(purpose) => {
            view! { <Gate head=pages::link_used(purpose).into_any()>{NOTHING}</Gate> }.into_any()
        }
        Content::LinkInvalid(purpose) => {
            view! { <Gate head=pages::link_invalid(purpose).into_any()>{NOTHING}</Gate> }.into_any()
        }
        Content::Missing => view! { <Gate head=pages::missing().into_any()>{NOTHING}</Gate> }.into_any(),
        Content::Resuming => pages::resuming().into_any(),
        Content::Failed(problem) => pages::failed(&problem).into_any(),
        Content::Devices(personal) => {
            let username = personal.username.clone();
            let head = pages::devices_head().into_any();
            view! { <Frame page username result head>{pages::devices(personal)}</Frame> }.into_any()
        }
        Content::Activity(personal) => {
            let username = personal.username.clone();
            let head = ().into_any();
            view! { <Frame page username result head>{pages::activity(personal)}</Frame> }.into_any()
        }
        Content::Account(personal) => {
            let username = personal.username.clone();
            let head = ().into_any();
            view! { <Frame page username result head>{pages::account(personal)}</Frame> }.into_any()
        }
    }
}
