//! The app as the server writes it. In the browser each page comes alive by itself (see `hydrate`).

use super::components::frame::Frame;
use super::components::gate::Gate;
use super::form_result::FormResult;
use super::page::Content;
use super::pages;
use leptos::prelude::*;

/// The id of the element whose content comes alive. What stands around it is the server's, and stays as it is.
pub const ROOT: &str = "content";

/// The content of a page with which nothing can be done.
const NOTHING: Option<()> = None;

/// What the body of a page holds. For the server: it has the code of all pages.
/// `said`: what a form has done before it.
pub fn written(content: Content, said: Option<FormResult>) -> AnyView {
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
        Content::Reauthenticate(personal) => {
            let head = ().into_any();
            view! { <Gate head>{pages::reauthenticate(personal)}</Gate> }.into_any()
        }
        Content::SignOut(asked) => view! { <Gate head=pages::sign_out(asked).into_any()>{NOTHING}</Gate> }.into_any(),
        Content::NotMe(personal) => {
            let head = ().into_any();
            view! { <Gate head>{pages::not_me(personal)}</Gate> }.into_any()
        }
        Content::Missing => view! { <Gate head=pages::missing().into_any()>{NOTHING}</Gate> }.into_any(),
        Content::Resuming => pages::resuming().into_any(),
        Content::Failed(problem) => pages::failed(&problem).into_any(),
        Content::Devices(personal) => {
            let username = personal.username.clone();
            let head = pages::devices_head().into_any();
            view! { <Frame page username said head>{pages::devices(personal)}</Frame> }.into_any()
        }
        Content::Activity(personal) => {
            let username = personal.username.clone();
            let head = ().into_any();
            view! { <Frame page username said head>{pages::activity(personal)}</Frame> }.into_any()
        }
        Content::Account(personal) => {
            let username = personal.username.clone();
            let head = ().into_any();
            view! { <Frame page username said head>{pages::account(personal)}</Frame> }.into_any()
        }
    }
}
