//! What a user does while storage fails, and what must be true of it afterwards.

use crate::support::{Anonymous, PASSWORD, Reply, SignedIn, TestApp};
use serde_json::{Value, json};
use sqlx::{AnyConnection, Connection as _};

const NEW_PASSWORD: &str = "an entirely new password";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    OtherRefreshes,
    OtherShowsItsToken,
    Rename,
    Reauthenticate,
    ThirdSignsIn,
    ThirdIsEnded,
    ThiefIsCaught,
    SomebodySignsUp,
    PasswordChanges,
    Refresh,
    SignOut,
}

/// In this order.
pub(super) const STEPS: [Step; 11] = [
    Step::OtherRefreshes,
    Step::OtherShowsItsToken,
    Step::Rename,
    Step::Reauthenticate,
    Step::ThirdSignsIn,
    Step::ThirdIsEnded,
    Step::ThiefIsCaught,
    Step::SomebodySignsUp,
    Step::PasswordChanges,
    Step::Refresh,
    Step::SignOut,
];

/// A user with three devices, one of which has a thief, and a fourth to come.
pub(super) struct Story {
    here: SignedIn,
    other: SignedIn,
    robbed: SignedIn,
    thief: SignedIn,
    eve: Option<SignedIn>,
    third: Option<SignedIn>,
    third_sid: String,
    browser: Anonymous,
}

impl Story {
    pub(super) async fn prepare(app: &TestApp) -> Self {
        let here = app.signed_up("ada").await;
        let mut other = app.signed_in("ada").await;
        other.try_refresh().await.expect(200);
        let mut robbed = app.signed_in("ada").await;
        let thief = robbed.clone();
        for _ in 0..2 {
            robbed.try_refresh().await.expect(200);
        }
        let browser = app.browser();
        Self { here, other, robbed, thief, eve: None, third: None, third_sid: String::new(), browser }
    }

    /// Does a step; whether it succeeded. A failure must be one that passes.
    pub(super) async fn carry_out(&mut self, step: Step) -> bool {
        let changed = json!({"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD});
        let reply = match step {
            Step::OtherRefreshes => self.other.try_refresh().await,
            Step::OtherShowsItsToken => self.other.get("/api/me").await,
            Step::Rename => {
                let sid = claim(&self.here, "sid");
                self.here.post("/auth/sessions/rename", json!({"sid": sid, "name": "Desk"})).await
            }
            Step::Reauthenticate => self.here.post("/auth/reauthenticate", json!({"password": PASSWORD})).await,
            Step::ThirdSignsIn => {
                let mut browser = self.browser.clone();
                let reply = browser.try_sign_in("ada", PASSWORD).await;
                if reply.status == 200 {
                    let third = SignedIn::new(browser, &reply);
                    self.third_sid = claim(&third, "sid");
                    self.third = Some(third);
                }
                reply
            }
            Step::ThirdIsEnded => self.here.post("/auth/sessions/revoke", json!({"sid": self.third_sid})).await,
            Step::ThiefIsCaught => self.thief.try_refresh().await,
            Step::SomebodySignsUp => {
                let mut browser = self.browser.clone();
                let reply = browser.post("/auth/signup", json!({"username": "eve", "password": PASSWORD})).await;
                if reply.status == 201 {
                    self.eve = Some(SignedIn::new(browser, &reply));
                }
                reply
            }
            Step::PasswordChanges => self.here.post("/auth/password", changed).await,
            Step::Refresh => self.here.try_refresh().await,
            Step::SignOut => self.here.post("/auth/logout", json!({})).await,
        };
        match reply.status.as_u16() {
            200 | 201 | 204 if step != Step::ThiefIsCaught => true,
            401 if step == Step::ThiefIsCaught && reply.code() == "refresh_reused" => true,
            503 => {
                assert!(reply.header("retry-after").is_some(), "{step:?}: {reply:?}");
                assert!(reply.set_cookies().is_empty(), "{step:?}: {reply:?}");
                false
            }
            // What failed on the way back was done: done again, it is found so.
            404 if step == Step::ThirdIsEnded => true,
            409 if step == Step::SomebodySignsUp => true,
            401 if step == Step::PasswordChanges && reply.code() == "invalid_credentials" => true,
            _ => panic!("{step:?}: {reply:?}"),
        }
    }

    /// What must be true when the first `done` steps were answered with success, and `unsure` without.
    pub(super) async fn must_hold(&self, app: &TestApp, done: usize, unsure: Option<Step>) {
        let is = |step: Step| match STEPS.iter().position(|it| *it == step).unwrap() {
            place if place < done => Some(true),
            _ if unsure == Some(step) => None,
            _ => Some(false),
        };
        assert_eq!(integrity(app).await, "ok");
        let about = format!("{done} done, unsure of {unsure:?}");
        let password = is(Step::PasswordChanges);
        goes_on(app, &self.other, password.map(|it| !it), &format!("other, {about}")).await;
        if let Some(third) = &self.third {
            let ended = if password == Some(true) { Some(true) } else { is(Step::ThirdIsEnded) };
            goes_on(app, third, ended.map(|it| !it), &format!("third, {about}")).await;
        }
        let caught = if password == Some(true) { Some(true) } else { is(Step::ThiefIsCaught) };
        goes_on(app, &self.robbed, caught.map(|it| !it), &format!("robbed, {about}")).await;
        if let Some(eve) = &self.eve {
            goes_on(app, eve, Some(true), &format!("eve, {about}")).await;
        }
        let is_known = app.browser().try_sign_in("eve", PASSWORD).await.status == 200;
        assert!(is(Step::SomebodySignsUp).is_none_or(|known| known == is_known), "{about}: eve {is_known}");
        goes_on(app, &self.here, is(Step::SignOut).map(|it| !it), &format!("here, {about}")).await;
        let with = async |password| app.browser().try_sign_in("ada", password).await.status == 200;
        let (old, new) = (with(PASSWORD).await, with(NEW_PASSWORD).await);
        assert!(old != new && password.is_none_or(|changed| changed == new), "{about}: old {old}, new {new}");
    }
}

/// Whether a device's session lives, by its token and by its access token. `None`: either, but both alike.
async fn goes_on(app: &TestApp, device: &SignedIn, lives: Option<bool>, about: &str) {
    let mut device = device.clone();
    device.browser.goes_to(app);
    let is_in = device.is_in().await;
    let reply: Reply = device.try_refresh().await;
    assert!([200, 401].contains(&reply.status.as_u16()), "{about}: {reply:?}");
    assert_eq!(is_in, reply.status == 200, "{about}: {reply:?}");
    assert!(lives.is_none_or(|lives| lives == is_in), "{about}: {reply:?}");
    if is_in {
        assert!(device.is_in().await, "{about}");
    }
}

fn claim(device: &SignedIn, name: &str) -> String {
    use base64::Engine as _;
    let part = device.access_token.split('.').nth(1).unwrap();
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap();
    serde_json::from_slice::<Value>(&claims).unwrap()[name].as_str().unwrap().to_owned()
}

async fn integrity(app: &TestApp) -> String {
    let url = format!("sqlite://{}", app.folder().join("latchkey.db").display());
    let mut connection = AnyConnection::connect(&url).await.unwrap();
    let found = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    found
}
