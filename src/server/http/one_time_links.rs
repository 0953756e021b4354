//! One-time links: their pages, and the server functions that use them. No cookie is needed or set. The token in the
//! body proves that whoever posts the form has the link, beside the check of the request's origin.

use super::auth::complete;
use super::context::RequestContext;
use super::pages::Guide;
use crate::api::Secret;
use crate::api::problem::Problem;
use crate::domain::one_time_link::{Purpose, is_well_formed};
use crate::server::service::ServiceError;
use crate::ui::address::Address;
use crate::ui::links;
use crate::ui::page::{Content, LinkContent, Page};

pub(crate) async fn reset_password(token: Secret, new_password: Secret) -> Result<(), Problem> {
    let context = RequestContext::current()?;
    let (services, source, device) =
        (context.services().clone(), context.source.clone(), context.browser_cookies().device);
    let reset = async move { services.reset_password(&token, &new_password, &source, device.as_ref()).await };
    Ok(complete(reset).await?)
}

pub(crate) async fn accept_invitation(token: Secret, new_password: Secret) -> Result<(), Problem> {
    let context = RequestContext::current()?;
    let (services, source) = (context.services().clone(), context.source.clone());
    Ok(complete(
        async move { services.count_sign_up(services.accept_invitation(&token, &new_password, &source).await) },
    )
    .await?)
}

/// The page at `address`, if it is about one-time links. It is the same for everybody, whoever is signed in here.
pub(super) async fn guide(context: &RequestContext, address: &Address) -> Result<Option<Guide>, ServiceError> {
    Ok(Some(match address.page() {
        Page::Reset => open(context, Purpose::Reset, address).await?,
        Page::Invite => open(context, Purpose::Invite, address).await?,
        Page::ResetDone => Guide::Stay(Content::LinkUsed(Purpose::Reset)),
        Page::InviteDone => Guide::Stay(Content::LinkUsed(Purpose::Invite)),
        Page::Forgot => {
            let contact = context.services().settings().accounts.contact.trim();
            Guide::Stay(Content::Forgot((!contact.is_empty()).then(|| contact.to_owned())))
        }
        _ => return Ok(None),
    }))
}

/// The page of a link. It only reads: mail scanners and previews open links too.
async fn open(context: &RequestContext, purpose: Purpose, address: &Address) -> Result<Guide, ServiceError> {
    match context.services().name_of_link(address.last_part(), purpose).await {
        Ok(name) => Ok(Guide::Stay(Content::Link(LinkContent { purpose, username: name.as_str().to_owned() }))),
        Err(ServiceError::LinkInvalid) => Ok(Guide::Gone(Content::LinkInvalid(purpose))),
        // That page says who makes accounts.
        Err(ServiceError::RegistrationClosed) => Ok(Guide::Go(links::SIGNUP.to_owned())),
        Err(error) => Err(error),
    }
}

/// The page of the link whose form posts to `path`, after its answer was an error. A token that cannot be one leads to
/// the page of a link that is not valid.
pub(super) fn page_of_link_form(path: &str, token: Option<&str>) -> Option<String> {
    let purpose = match path {
        links::post::RESET => Purpose::Reset,
        links::post::INVITE => Purpose::Invite,
        _ => return None,
    };
    Some(links::one_time(purpose, token.filter(|token| is_well_formed(token)).unwrap_or("-")))
}
