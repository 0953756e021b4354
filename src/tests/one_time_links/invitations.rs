//! Accounts that are made by invitation.

use super::*;
use latchkey::server::config::Registration;

on_both_databases! {
    async fn whoever_is_invited_creates_the_account_of_that_name(app: TestAppBuilder) {
        let app = app.with(|settings| settings.accounts.registration = Registration::Invite).start().await;
        let body = json!({"username": "eve", "password": PASSWORD});
        assert_eq!(app.browser().post("/auth/signup", body).await.expect(403).code(), "registration_closed");
        let former = invitation(&app, "Bob").await;
        let token = invitation(&app, "bob").await;
        accept(&mut app.browser(), &former, PASSWORD).await.expect(410);
        let mut browser = app.browser();
        let page = browser.get(&format!("/invite/{token}")).await.expect(200).text;
        assert!(page.contains("Your username is bob."), "{page}");
        let short = accept(&mut browser, &token, "short").await.expect(422);
        assert_eq!(short.json()["errors"][0]["field"], "newPassword");
        let done = accept(&mut browser, &token, PASSWORD).await.expect(204);
        assert!(done.set_cookies().is_empty());
        let reply = browser.try_sign_in("bob", PASSWORD).await.expect(200);
        let bob = SignedIn::new(browser, &reply);
        assert_eq!(kinds(&bob).await, ["signed_in", "signed_up"]);
        accept(&mut app.browser(), &token, NEW_PASSWORD).await.expect(410);
        assert!(app.services().make_invitation(&Username::new("bob").unwrap(), WEEK).await.is_err(), "taken");
    }

    /// An invitation reserves nothing: the name may be taken in between, and the link ends with that.
    async fn an_invitation_to_a_name_that_is_taken_or_where_sign_up_is_closed_does_nothing(app: TestAppBuilder) {
        let mut app = app.start().await;
        let (taken, open) = (invitation(&app, "ada").await, invitation(&app, "bob").await);
        app.signed_up("ada").await;
        app.browser().get(&format!("/invite/{taken}")).await.expect(410);
        accept(&mut app.browser(), &taken, NEW_PASSWORD).await.expect(410);
        assert!(signs_in(&app, "ada", PASSWORD).await);
        app.change(|settings| settings.accounts.registration = Registration::Closed);
        app.restart().await;
        let page = app.browser().get(&format!("/invite/{open}")).await.expect(303);
        assert_eq!(page.header("location"), Some("/signup"));
        assert_eq!(accept(&mut app.browser(), &open, PASSWORD).await.expect(403).code(), "registration_closed");
        assert!(app.services().make_invitation(&Username::new("eve").unwrap(), WEEK).await.is_err());
    }
}

#[tokio::test]
async fn where_accounts_are_by_invitation_the_pages_say_so() {
    let app = TestApp::on(Backend::Sqlite)
        .with(|settings| settings.accounts.registration = Registration::Invite)
        .start()
        .await;
    let page = app.browser().get("/signup").await.expect(200).text;
    assert!(page.contains("Sign-up is by invitation") && !page.contains("type=\"password\""), "{page}");
    let page = app.browser().get("/login").await.expect(200).text;
    assert!(page.contains("New accounts are made by invitation.") && !page.contains("New here?"), "{page}");
}
