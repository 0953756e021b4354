//! The form for signing in and signing up.

use super::field::{self, PasswordField, UsernameField};
use super::message::Alert;
use super::post_form::PostForm;
use crate::api::data::Tokens;
use crate::api::problem::{Code, Problem};
use crate::api::{Flag, Secret, auth as calls, return_to};
use crate::domain::registration::Registration;
use crate::ui::address::Address;
use crate::ui::environment::{PageEnvironment, RememberHint};
use crate::ui::links::{self, query};
use crate::ui::notice::Notice;
use crate::ui::submission::{Next, Submission};
use crate::ui::{auth, browser, text};
use leptos::either::Either;
use leptos::html;
use leptos::prelude::*;

/// The username in a form that was refused. The server may provide it as context, so that the field shows it again
/// although it is not in the address.
#[derive(Clone, Debug)]
pub struct TypedUsername(pub String);

/// Sign-in or sign-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entrance {
    /// With an account that there is.
    SignIn,
    /// With a new account.
    SignUp,
}

impl Entrance {
    const fn action(self) -> &'static str {
        match self {
            Self::SignIn => links::post::LOGIN,
            Self::SignUp => links::post::SIGNUP,
        }
    }

    fn button(self) -> &'static str {
        match self {
            Self::SignIn => text().enter().sign_in,
            Self::SignUp => text().enter().sign_up_button,
        }
    }

    const fn autocomplete(self) -> &'static str {
        match self {
            Self::SignIn => "current-password",
            Self::SignUp => "new-password",
        }
    }

    fn rule(self) -> Option<String> {
        match self {
            Self::SignIn => None,
            Self::SignUp => Some((text().enter().password_rule)(PageEnvironment::current().password_min)),
        }
    }

    /// The link to the other page: a question, the link's words, and its path.
    fn other(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::SignIn => (text().enter().no_account, text().enter().sign_up, links::SIGNUP),
            Self::SignUp => (text().enter().have_account, text().enter().sign_in, links::LOGIN),
        }
    }

    async fn enter(self, username: String, password: Secret, remember: Flag) -> Result<Tokens, Problem> {
        let check_cookies = Flag(PageEnvironment::current().checks_cookies);
        match self {
            Self::SignIn => calls::sign_in(username, password, remember, None, check_cookies).await,
            Self::SignUp => calls::sign_up(username, password, remember, check_cookies).await,
        }
    }
}

/// What stands where the link to sign up would.
fn without_sign_up() -> &'static str {
    match PageEnvironment::current().registration {
        Registration::Invite => text().enter().invited,
        Registration::Open | Registration::Closed => text().enter().closed,
    }
}

const REMEMBER_HINT: &str = "remember-hint";

/// The form, the link to the other page, and the error.
#[component]
pub fn CredentialsForm(entrance: Entrance) -> impl IntoView {
    let arrived = Address::expect();
    let asked_for = arrived.parameter(query::RETURN_TO);
    let return_to = asked_for.as_deref().map(|path| return_to::page(Some(path)));
    let (question, other, other_page) = entrance.other();
    let other_page = links::with_query(other_page, &[(query::RETURN_TO, return_to.as_deref())]);

    let other_is_open = entrance == Entrance::SignUp || PageEnvironment::current().is_sign_up_open();

    let username = NodeRef::<html::Input>::new();
    let password = NodeRef::<html::Input>::new();
    let remember = NodeRef::<html::Input>::new();
    let destination = return_to::page(return_to.as_deref());
    let second_factor = links::second_factor(return_to.as_deref());

    let typed = use_context::<TypedUsername>().map(|typed| typed.0);

    let notice = Notice::from_query(&arrived).unwrap_or_default();
    let form = Submission::new(notice, [("username", username), ("password", password)]);
    let send = move || {
        let remembered = Flag(remember.get_untracked().is_some_and(|checkbox| checkbox.checked()));
        let secret = Secret::new(field::value(password));
        let (destination, second_factor) = (destination.clone(), second_factor.clone());
        let entered = entrance.enter(field::value(username), secret, remembered);
        let entered = async move {
            match entered.await {
                Ok(_) => {
                    auth::entrance::signed_in();
                    Ok(destination)
                }
                Err(Problem { code: Code::SecondFactorRequired, .. }) => Ok(second_factor),
                Err(problem) => Err(problem),
            }
        };
        form.send(entered, move |next| {
            browser::replace(&next);
            Next::Leave
        });
    };

    view! {
        <Alert message=form.general() link=form.link() />
        <PostForm form action=Some(entrance.action()) send>
            {return_to.map(|path| view! { <input type="hidden" name=query::RETURN_TO value=path /> })}
            {PageEnvironment::current().checks_cookies.then(|| view! { <input type="hidden" name="checkCookies" value="true" /> })}
            <UsernameField
                node=username
                problem=form.problem("username")
                value=typed
            />
            <PasswordField
                id="password"
                label=text().enter().password
                autocomplete=entrance.autocomplete()
                node=password
                problem=form.problem("password")
                hint=entrance.rule()
                username=(entrance == Entrance::SignUp).then(|| Callback::new(move |()| field::value(username)))
            />
            {(entrance == Entrance::SignIn)
                .then(|| view! { <p class="field__hint"><a href=links::FORGOT>{text().enter().forgot}</a></p> })}
            <div class="field">
                <label class="checkbox">
                    <input
                        class="checkbox__box"
                        type="checkbox"
                        name="remember"
                        value="true"
                        aria-describedby=REMEMBER_HINT
                        node_ref=remember
                    />
                    <span>{text().enter().remember}</span>
                </label>
                <p class="field__hint" id=REMEMBER_HINT>
                    {RememberHint::current()}
                </p>
            </div>
            <button class="button button--primary button--wide" type="submit">
                {entrance.button()}
            </button>
        </PostForm>
        <p class="gate__other">
            {if other_is_open {
                Either::Left(view! { {question} " " <a href=other_page>{other}</a> })
            } else {
                Either::Right(without_sign_up())
            }}
        </p>
    }
}
