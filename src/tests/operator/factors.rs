//! `latchkey user factors` and `user remove-factors`.

use super::*;
use serde_json::json;

on_both_databases! {
    async fn the_second_factors_of_a_user_are_shown_and_removed_beside_the_server(app: TestAppBuilder) {
        let app = started(app).await;
        let mut ada = app.signed_up("ada").await;
        let shown = |json: Value| (json["totpSince"].clone(), json["recoveryCodesLeft"].clone());
        let factors = || latchkey(&app, &["user", "factors", "ada", "--json"]).expect(0).json().remove(0);
        assert_eq!(shown(factors()), (json!(null), json!(0)));
        latchkey(&app, &["user", "remove-factors", "ada", "--yes"]).expect_error(1, "has no second factor");

        ada.set_up_totp(&app).await;
        ada.recovery_codes().await;
        assert_eq!(shown(factors()), (json!(app.now().as_millis()), json!(10)));
        let lines = latchkey(&app, &["user", "factors", "ada"]).expect(0).stdout;
        assert!(lines.contains("authenticator app since ") && lines.contains("recovery codes    10 left"), "{lines}");
        app.browser().asked_for_factor("ada").await;
        latchkey(&app, &["user", "remove-factors", "ada"]).expect_error(2, "add --yes");
        latchkey(&app, &["user", "remove-factors", "ada", "--yes"]).expect(0);
        assert!(ada.is_in().await);
        app.signed_in("ada").await;
        let events = ada.get("/api/activity").await.expect(200).json()["events"].as_array().unwrap().clone();
        let removed = events.iter().find(|event| event["kind"] == "totp_removed").unwrap();
        assert_eq!((&removed["detail"], &removed["ip"]), (&json!("operator"), &json!(null)));
    }
}
