//! The pages `/login` and `/signup`.

use crate::ui::components::credentials_form::{CredentialsForm, Entrance};
use crate::ui::components::gate::Gate;
use crate::ui::environment::Environment;
use crate::ui::whole::IntoWhole as _;
use crate::ui::{links, text};
use leptos::prelude::*;
use leptos_router::components::A;

#[component]
pub fn LoginPage() -> impl IntoView {
    view! {
        <Gate title=text().enter.sign_in lead=text().enter.sign_in_lead>
            <CredentialsForm entrance=Entrance::SignIn />
        </Gate>
    }
}

#[component]
pub fn SignupPage() -> impl IntoView {
    view! {
        <Gate title=text().enter.sign_up lead=text().enter.sign_up_lead>
            {if Environment::current().sign_up_open {
                view! { <CredentialsForm entrance=Entrance::SignUp /> }.into_whole()
            } else {
                view! {
                    <p>{text().enter.closed}</p>
                    <p class="gate__other">
                        <A href=links::LOGIN>{text().enter.sign_in}</A>
                    </p>
                }
                    .into_whole()
            }}
        </Gate>
    }
}
