//! RT8: the program itself, killed while it is busy.

use crate::support::{PASSWORD, Program};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Client;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::sleep;

/// A native client that refreshes as fast as it can, and knows what it was told.
#[derive(Clone, Debug)]
struct Device {
    token: String,
    /// Whether it was told that it is signed out, or asked for it and heard nothing.
    signed_out: Option<bool>,
}

/// `None` when no answer came.
async fn post(client: &Client, url: &str, path: &str, body: &Value) -> Option<(u16, Value)> {
    let response = client.post(format!("{url}{path}")).json(body).send().await.ok()?;
    let status = response.status().as_u16();
    Some((status, response.json().await.unwrap_or_default()))
}

/// Until the server is gone.
async fn be_busy(mut device: Device, url: String, sign_out_after: Option<u32>) -> Device {
    let client = Client::new();
    for count in 0.. {
        let body = json!({"refreshToken": device.token});
        if sign_out_after.is_some_and(|after| count >= after) && device.signed_out.is_none() {
            device.signed_out = Some(false);
            match post(&client, &url, "/auth/logout", &body).await {
                Some((status, _)) => assert_eq!(status, 204),
                None => break,
            }
            device.signed_out = Some(true);
        }
        match post(&client, &url, "/auth/refresh", &body).await {
            Some((200, answer)) if device.signed_out.is_none() => {
                device.token = answer["refreshToken"].as_str().unwrap().to_owned();
            }
            Some((401, _)) if device.signed_out.is_some() => {}
            // It is on its way down.
            Some((503, _)) | None => break,
            Some((status, answer)) => panic!("{device:?}: {status} {answer}"),
        }
    }
    device
}

fn generation(token: &str) -> u64 {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice::<Value>(&claims).unwrap()["gen"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_was_answered_before_a_kill_holds_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::new();
    let mut server = Program::start(folder.path(), "off").await;
    let account = json!({"username": "ada", "password": PASSWORD});
    assert_eq!(post(&client, &server.url, "/auth/signup", &account).await.unwrap().0, 201);
    for round in 0..10 {
        let mut devices = Vec::new();
        for _ in 0..4 {
            let body = json!({"username": "ada", "password": PASSWORD, "client": "cli"});
            let (status, answer) = post(&client, &server.url, "/auth/login", &body).await.unwrap();
            assert_eq!(status, 200, "{answer}");
            let token = answer["refreshToken"].as_str().unwrap().to_owned();
            devices.push(Device { token, signed_out: None });
        }
        let busy: Vec<_> = devices
            .into_iter()
            .enumerate()
            .map(|(index, device)| {
                let sign_out_after = (index == 0).then_some(round % 5 * 3);
                tokio::spawn(be_busy(device, server.url.clone(), sign_out_after))
            })
            .collect();
        sleep(Duration::from_millis(30 + u64::from(round) * 17)).await;
        server.kill();
        let mut left = Vec::new();
        for handle in busy {
            left.push(handle.await.unwrap());
        }
        server = Program::start(folder.path(), "off").await;
        for device in left {
            let before = generation(&device.token);
            let body = json!({"refreshToken": device.token});
            let (status, answer) = post(&client, &server.url, "/auth/refresh", &body).await.unwrap();
            match device.signed_out {
                Some(true) => assert_eq!(status, 401, "revoked stays revoked: {answer}"),
                Some(false) => assert!([200, 401].contains(&status), "{answer}"),
                None => {
                    assert_eq!(status, 200, "nobody is signed out: {answer}");
                    assert!(generation(answer["refreshToken"].as_str().unwrap()) > before);
                }
            }
        }
    }
}
