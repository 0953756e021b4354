//! The pages `/login` and `/signup`.

use crate::ui::components::credentials_form::{CredentialsForm, Entrance};
use crate::ui::components::gate::Gate;
use crate::ui::text::enter;
use leptos::prelude::*;

#[component]
pub fn LoginPage() -> impl IntoView {
    view! {
        <Gate title=enter::SIGN_IN lead=enter::SIGN_IN_LEAD>
            <CredentialsForm entrance=Entrance::SignIn />
        </Gate>
    }
}

#[component]
pub fn SignupPage() -> impl IntoView {
    view! {
        <Gate title=enter::SIGN_UP lead=enter::SIGN_UP_LEAD>
            <CredentialsForm entrance=Entrance::SignUp />
        </Gate>
    }
}
