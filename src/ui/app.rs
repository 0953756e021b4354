//! The app as the server writes it. In the browser each page comes alive by itself (see `alive`).

use super::components::frame::Frame;
use super::components::gate::Gate;
use super::page::Content;
use super::pages;
use leptos::prelude::*;

/// The id of the element whose content comes alive. What stands around it is the server's, and stays as it is.
pub const ROOT: &str = "content";

/// What the body of a page holds. For the server: it has the code of all pages.
pub fn written(content: Content) -> AnyView {
    let page = content.page();
    match content {
        Content::SignIn => view! { <Gate>{pages::sign_in()}</Gate> }.into_any(),
        Content::SignUp => view! { <Gate>{pages::sign_up()}</Gate> }.into_any(),
        Content::Reauthenticate(personal) => view! { <Gate>{pages::reauthenticate(personal)}</Gate> }.into_any(),
        Content::Missing => view! { <Gate>{pages::missing()}</Gate> }.into_any(),
        Content::Resuming => pages::resuming().into_any(),
        Content::Failed(problem) => pages::failed(&problem).into_any(),
        Content::Devices(personal) => {
            let username = personal.username.clone();
            view! { <Frame page username>{pages::devices(personal)}</Frame> }.into_any()
        }
        Content::Activity(personal) => {
            let username = personal.username.clone();
            view! { <Frame page username>{pages::activity(personal)}</Frame> }.into_any()
        }
        Content::Account(personal) => {
            let username = personal.username.clone();
            view! { <Frame page username>{pages::account(personal)}</Frame> }.into_any()
        }
    }
}
