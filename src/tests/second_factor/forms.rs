//! Without JavaScript: the whole of it by plain forms.

use super::*;
use crate::support::Anonymous;

fn location(reply: &crate::support::Reply) -> &str {
    assert_eq!(reply.status, 303, "{reply:?}");
    reply.header("location").unwrap()
}

/// The text between two others.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("{before} is not in {text}"));
    rest.split_once(after).unwrap().0
}

/// The content of the first element with this class, up to `end`.
fn inside<'a>(page: &'a str, class: &str, end: &str) -> &'a str {
    let content = between(page, &format!("class=\"{class}\""), end);
    content.split_once('>').unwrap().1
}

async fn signed_up(app: &TestApp) -> Anonymous {
    let mut here = app.browser();
    let fields = [("username", "ada"), ("password", PASSWORD), ("remember", "on")];
    here.submit("/auth/signup", &fields).await.expect(303);
    here
}

/// Sets up an authenticator app by the pages, and makes recovery codes.
async fn set_up(app: &TestApp, here: &mut Anonymous) -> (Authenticator, Vec<String>) {
    let back = [("returnTo", "/account")];
    assert_eq!(location(&here.submit("/auth/totp", &back).await), "/account/authenticator");
    let page = here.get("/account/authenticator").await.expect(200).text;
    assert!(page.contains("<svg role=\"img\""), "{page}");
    let authenticator = Authenticator::new(inside(&page, "key", "</p>"));
    let wrong = authenticator.wrong(app);
    let refused = here.submit("/auth/totp/confirm", &[("code", &wrong), ("returnTo", "/account")]).await;
    assert_eq!(location(&refused), "/account/authenticator?error=second_factor_invalid&returnTo=%2Faccount");
    let again = here.get(location(&refused)).await.expect(200).text;
    assert!(again.contains("The code is wrong") && again.contains(inside(&page, "key", "</p>")), "{again}");
    let code = authenticator.code(app);
    let confirmed = here.submit("/auth/totp/confirm", &[("code", &code), ("returnTo", "/account")]).await;
    assert_eq!(location(&confirmed), "/account/recovery-codes");
    assert_eq!(location(&here.get("/account/authenticator").await), "/account", "the secret is not shown again");

    let offer = here.get("/account/recovery-codes").await.expect(200).text;
    assert!(!offer.contains("<li>"), "no code is shown by looking");
    let shown = here.submit("/auth/recovery-codes", &back).await.expect(200);
    assert!(shown.header("content-type").unwrap().starts_with("text/html"));
    assert_eq!(shown.header("cache-control"), Some("no-store"));
    let list = inside(&shown.text, "codes", "</ol>");
    let codes: Vec<String> =
        list.split("<li>").skip(1).map(|item| item.split_once('<').unwrap().0.to_owned()).collect();
    assert_eq!(codes.len(), 10);
    (authenticator, codes)
}

#[tokio::test]
async fn the_whole_story_by_plain_forms() {
    let app = TestApp::start().await;
    let mut here = signed_up(&app).await;
    let (authenticator, codes) = set_up(&app, &mut here).await;
    let account = here.get("/account").await.expect(200).text;
    assert!(account.contains("10 left") && account.contains("/auth/totp/delete"), "{account}");

    app.advance(STEP);
    let mut there = app.browser();
    let fields = [("username", "ada"), ("password", PASSWORD), ("returnTo", "/activity?show=warnings")];
    let asked = there.submit("/auth/login", &fields).await;
    assert_eq!(location(&asked), "/second-factor?returnTo=%2Factivity%3Fshow%3Dwarnings");
    let page = there.get(location(&asked)).await.expect(200).text;
    assert!(page.contains("action=\"/auth/second-factor\"") && page.contains("name=\"recoveryCode\""), "{page}");
    let back = "/activity?show=warnings";
    assert!(page.contains("value=\"/activity?show=warnings\""), "{page}");
    let wrong = there.submit("/auth/second-factor", &[("code", "000000"), ("returnTo", back)]).await;
    let wrong = location(&wrong).to_owned();
    assert!(wrong.starts_with("/second-factor?error=second_factor_invalid"), "{wrong}");
    assert!(there.get(&wrong).await.expect(200).text.contains("The code is wrong"));
    let code = authenticator.code(&app);
    let entered = there.submit("/auth/second-factor", &[("code", &code), ("returnTo", back)]).await;
    assert_eq!(location(&entered), "/activity?show=warnings");
    assert!(there.get("/activity?show=warnings").await.expect(200).text.contains("wrong code"));
    assert!(there.get("/devices").await.expect(200).text.contains("with password and app"));

    let mut third = app.browser();
    third.submit("/auth/login", &[("username", "ada"), ("password", PASSWORD)]).await.expect(303);
    let entered = third.submit("/auth/second-factor", &[("recoveryCode", &codes[0])]).await;
    assert_eq!(location(&entered), "/devices");
    let removed = third.submit("/auth/totp/delete", &[("returnTo", "/account")]).await;
    assert_eq!(location(&removed), "/account");
    let account = third.get("/account").await.expect(200).text;
    assert!(account.contains("are removed") && account.contains("action=\"/auth/totp\""), "{account}");
}

#[tokio::test]
async fn a_sign_in_that_took_too_long_starts_again_and_keeps_where_it_leads() {
    let app = TestApp::start().await;
    let mut here = signed_up(&app).await;
    let (authenticator, _) = set_up(&app, &mut here).await;
    let mut there = app.browser();
    there.submit("/auth/login", &[("username", "ada"), ("password", PASSWORD)]).await.expect(303);
    app.advance(5 * MINUTE);
    let code = authenticator.code(&app);
    let refused = there.submit("/auth/second-factor", &[("code", &code), ("returnTo", "/account")]).await;
    assert_eq!(location(&refused), "/login?error=sign_in_expired&returnTo=%2Faccount");
    assert!(there.get(location(&refused)).await.expect(200).text.contains("This sign-in took too long"));
    let page = there.get("/second-factor?returnTo=%2Faccount").await;
    assert_eq!(location(&page), "/login?error=sign_in_expired&returnTo=%2Faccount");
}

#[tokio::test]
async fn what_needs_a_proof_leads_to_the_page_that_asks_for_both_factors() {
    let app = TestApp::start().await;
    let mut here = signed_up(&app).await;
    let page = here.get("/reauthenticate").await.expect(200).text;
    assert!(!page.contains("name=\"code\""), "without a second factor the page is as ever");
    let (authenticator, _) = set_up(&app, &mut here).await;
    app.advance(10 * MINUTE);
    let refused = here.submit("/auth/totp/delete", &[("returnTo", "/account")]).await;
    assert_eq!(location(&refused), "/reauthenticate?error=reauthentication_required&returnTo=%2Faccount");
    let page = here.get(location(&refused)).await.expect(200).text;
    assert!(page.contains("name=\"code\""), "{page}");
    let code = authenticator.code(&app);
    let fields = [("password", PASSWORD), ("code", &code), ("returnTo", "/account")];
    let confirmed = here.submit("/auth/reauthenticate", &fields).await;
    assert_eq!(location(&confirmed), "/account?confirmed=true");
    assert!(here.get(location(&confirmed)).await.expect(200).text.contains("please do it once more"));
    assert_eq!(location(&here.submit("/auth/totp/delete", &[("returnTo", "/account")]).await), "/account");
}

#[tokio::test]
async fn the_page_with_the_secret_asks_for_a_proof_and_for_a_beginning() {
    let app = TestApp::start().await;
    let mut here = signed_up(&app).await;
    let page = here.get("/account/authenticator").await.expect(200).text;
    assert!(page.contains("action=\"/auth/totp\"") && !page.contains("class=\"key\""), "{page}");
    assert_eq!(location(&here.get("/account/recovery-codes").await), "/account");
    app.advance(10 * MINUTE);
    assert_eq!(location(&here.get("/account/authenticator").await), "/reauthenticate?returnTo=%2Faccount");
    assert_eq!(location(&app.browser().get("/account/authenticator").await), "/login?returnTo=%2Fdevices");
}

#[tokio::test]
async fn the_pages_are_in_three_languages() {
    let app = TestApp::start().await;
    let mut here = signed_up(&app).await;
    set_up(&app, &mut here).await;
    let mut there = app.browser();
    there.submit("/auth/login", &[("username", "ada"), ("password", PASSWORD)]).await.expect(303);
    for (language, enter, ways) in [
        ("en", "Enter your code", "Ways to sign in"),
        ("de", "Code eingeben", "Wege zur Anmeldung"),
        ("fr", "Saisissez votre code", "Moyens de connexion"),
    ] {
        let choice = [("theme", "system"), ("language", language)];
        there.submit("/preferences", &choice).await.expect(303);
        here.submit("/preferences", &choice).await.expect(303);
        assert!(there.get("/second-factor").await.expect(200).text.contains(enter), "{language}");
        assert!(here.get("/account").await.expect(200).text.contains(ways), "{language}");
    }
}
