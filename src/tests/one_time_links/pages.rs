//! The pages of links, as plain HTML.

use super::*;

#[tokio::test]
async fn the_whole_story_without_javascript_and_without_a_cookie() {
    let app = TestApp::start().await;
    let ada = app.signed_up("ada").await;
    for (path, action, token) in [
        ("reset", "/auth/password/reset", reset_link(&app, &user_id(&ada).await).await),
        ("invite", "/auth/invite", invitation(&app, "bob").await),
    ] {
        let address = format!("/{path}/{token}");
        let page = app.browser().get(&address).await.expect(200);
        for part in [
            format!("action=\"{action}\""),
            format!("name=\"token\" value=\"{token}\""),
            "autocomplete=\"new-password\"".to_owned(),
        ] {
            assert!(page.text.contains(&part), "{part}: {}", page.text);
        }
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert_eq!(page.header("referrer-policy"), Some("same-origin"), "the address goes to no other site");
        let refused = app.browser().submit(action, &[("token", &token), ("newPassword", "short")]).await.expect(303);
        let location = refused.header("location").unwrap().to_owned();
        assert_eq!(location, format!("{address}?error=validation_failed&field=newPassword&reason=too_short"));
        let again = app.browser().get(&location).await.expect(200);
        assert!(again.text.contains("This is too short. Use at least 15 characters."), "{}", again.text);
        let done = app.browser().submit(action, &[("token", &token), ("newPassword", NEW_PASSWORD)]).await.expect(303);
        assert_eq!(done.header("location"), Some(format!("/{path}/done").as_str()));
        assert!(done.set_cookies().is_empty(), "{done:?}");
        let page = app.browser().get(&format!("/{path}/done")).await.expect(200).text;
        assert!(page.contains("href=\"/login\""), "{page}");
        let used = app.browser().submit(action, &[("token", &token), ("newPassword", NEW_PASSWORD)]).await.expect(303);
        let location = used.header("location").unwrap().to_owned();
        assert_eq!(location, format!("{address}?error=link_invalid"));
        app.browser().get(&location).await.expect(410);
        for odd in ["", "x", "//evil.example", "a?b#c"] {
            let reply =
                app.browser().submit(action, &[("token", odd), ("newPassword", NEW_PASSWORD)]).await.expect(303);
            assert_eq!(reply.header("location"), Some(format!("/{path}/-?error=link_invalid").as_str()));
        }
    }
    assert!(signs_in(&app, "ada", NEW_PASSWORD).await && signs_in(&app, "bob", NEW_PASSWORD).await);
}

/// Another language or theme is chosen at the foot of every page, and leads back to it.
#[tokio::test]
async fn a_choice_of_language_leads_back_to_the_page_of_the_link() {
    let app = TestApp::start().await;
    let token = invitation(&app, "bob").await;
    let address = format!("/invite/{token}");
    let mut browser = app.browser();
    let reply = browser.submit("/preferences", &[("language", "fr"), ("returnTo", &address)]).await.expect(303);
    assert_eq!(reply.header("location"), Some(address.as_str()));
    assert!(browser.get(&address).await.expect(200).text.contains("Votre nom ici est bob."));
}

#[tokio::test]
async fn who_forgot_their_password_reads_whom_to_ask() {
    let app = TestApp::start().await;
    assert!(app.browser().get("/login").await.expect(200).text.contains("href=\"/forgot\""));
    let page = app.browser().get("/forgot").await.expect(200).text;
    assert!(page.contains("The operator of this site can give you a link") && !page.contains("reach them"), "{page}");
    for (contact, shown) in [
        ("Room <b>7</b>, \"Ada\"", "<bdi>Room &lt;b&gt;7&lt;/b&gt;, \"Ada\""),
        ("https://example.org/help?a=b&c", "href=\"https://example.org/help?a=b&amp;c\""),
        ("mailto:help@example.org", "href=\"mailto:help@example.org\""),
        ("javascript:alert(1)", "<bdi>javascript:alert(1)"),
    ] {
        let app =
            TestApp::on(Backend::Sqlite).with(|settings| settings.accounts.contact = contact.into()).start().await;
        let page = app.browser().get("/forgot").await.expect(200).text;
        assert!(page.contains(shown), "{shown}: {page}");
    }
}
