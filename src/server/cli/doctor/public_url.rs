//! The public URL, asked from here as a browser would: whether it leads to this installation, whether clocks agree, and
//! how long its certificate lasts.

use super::Finding;
use super::database::skew;
use super::http_get::{HttpAnswer, NEAR_END, NoAnswer, authorities, get};
use crate::domain::access_token::LEEWAY;
use crate::domain::time::Timestamp;
use crate::server::ports::Clock;
use http::{HeaderMap, header};
use rustls::CertificateError;
use serde_json::Value;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;
use url::Url;

const METADATA: &str = "/.well-known/oauth-authorization-server";
const KEYS: &str = "/.well-known/jwks.json";

/// Asks, and judges. `extra` is a file with further authorities. `serves` says whether a server may run; `kids` are the
/// keys that this installation publishes.
pub(super) async fn examine(
    public_url: &str,
    extra: Option<OsString>,
    serves: bool,
    kids: &[String],
    clock: &dyn Clock,
) -> Vec<Finding> {
    let Ok(url) = Url::parse(public_url) else { return Vec::new() };
    let authorities = match authorities(extra.as_deref().map(Path::new)) {
        Ok(authorities) => authorities,
        Err(reason) => {
            let message = format!("The certificates that SSL_CERT_FILE names cannot be used: {reason}.");
            return vec![Finding::error("certificate_file", message, "Correct the variable, or remove it.")];
        }
    };
    let before = clock.now();
    let answer = match get(&url, METADATA, authorities.clone(), before).await {
        Ok(answer) => answer,
        Err(error) => return vec![silent(public_url, &error, serves)],
    };
    let after = clock.now();
    let mut findings = Vec::new();
    findings.extend(answer.ends_soon.then(|| near_end(public_url)));
    findings.extend(clock_skew(&answer.headers, before, after));
    if let Some(foreign) = foreign(public_url, &answer, serves) {
        findings.push(foreign);
        return findings;
    }
    if let Ok(published) = get(&url, KEYS, authorities, after).await {
        findings.extend(other_installation(public_url, &published.body, kids));
    }
    findings
}

/// There is no answer.
fn silent(public_url: &str, error: &NoAnswer, serves: bool) -> Finding {
    let certificate = |code, reason: &str, remedy: &str| {
        Finding::error(code, format!("The certificate of {public_url} {reason}."), remedy)
    };
    match error {
        NoAnswer::Unreachable(reason) if serves => {
            let message = format!("{public_url} (server.public_url) cannot be reached from here: {reason}.");
            let remedy = "Check name, firewall and proxy, and that a server runs. If people reach it and only this machine cannot, \
                          that is enough.";
            Finding::error("public_url_unreachable", message, remedy)
        }
        NoAnswer::Unreachable(reason) => {
            let message =
                format!("{public_url} (server.public_url) does not answer ({reason}), and no server runs here.");
            Finding::note("not_running", message, "Start `latchkey serve`, and run doctor again.")
        }
        NoAnswer::Certificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            certificate("certificate_expired", "has expired", "Renew it, and let the server or the proxy load it.")
        }
        NoAnswer::Certificate(CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }) => {
            certificate("certificate_name", "is for another name", "Get one for the name in server.public_url.")
        }
        NoAnswer::Certificate(CertificateError::UnknownIssuer) => {
            let message = format!("The certificate of {public_url} is by an authority that browsers do not know.");
            let remedy = "If it is an authority of your own that your people's browsers trust, name its file in SSL_CERT_FILE for \
                          doctor; otherwise get a certificate by a public one, and serve it with its intermediates.";
            Finding::warning("certificate_unknown", message, remedy)
        }
        NoAnswer::Certificate(reason) => {
            certificate("certificate_refused", &format!("is not accepted: {reason}"), "Get another one.")
        }
    }
}

fn near_end(public_url: &str) -> Finding {
    let days = NEAR_END.as_secs() / 86_400;
    let message = format!("The certificate of {public_url} ends in less than {days} days.");
    Finding::warning("certificate_ends", message, "Renew it; if that is automatic, find out why it has not happened.")
}

/// What answers is not this service.
fn foreign(public_url: &str, answer: &HttpAnswer, serves: bool) -> Option<Finding> {
    let issuer = serde_json::from_slice::<Value>(&answer.body).ok();
    let issuer = issuer.as_ref().and_then(|document| document["issuer"].as_str());
    if answer.status.is_success() && issuer == Some(public_url) {
        return None;
    }
    let status = answer.status.as_u16();
    if matches!(status, 502..=504) {
        let message = format!("The proxy at {public_url} answers with {status}: it does not reach the server.");
        let remedy = "Start the server, and compare server.listen with the address that the proxy passes requests to.";
        let code = "public_url_no_server";
        return Some(if serves {
            Finding::error(code, message, remedy)
        } else {
            Finding::warning(code, message, remedy)
        });
    }
    let location = answer.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
    let what = match (issuer, location) {
        (Some(issuer), _) => format!("a service that calls itself {issuer}"),
        (None, Some(location)) => format!("a redirection to {location}"),
        (None, None) => format!("something else (status {status} for {METADATA})"),
    };
    let message = format!("{public_url} (server.public_url) leads to {what}.");
    let remedy =
        "Set server.public_url to the address in people's address bars, and pass all of its paths on to Latchkey.";
    Some(Finding::error("public_url_foreign", message, remedy))
}

/// The service there publishes none of our keys.
fn other_installation(public_url: &str, body: &[u8], kids: &[String]) -> Option<Finding> {
    let document: Value = serde_json::from_slice(body).ok()?;
    let is_ours = |key: &Value| key["kid"].as_str().is_some_and(|kid| kids.iter().any(|own| own == kid));
    let published = document["keys"].as_array()?;
    (!kids.is_empty() && !published.iter().any(is_ours)).then(|| {
        let message = format!("{public_url} is served by a Latchkey with another database: it has none of our keys.");
        let remedy = "Compare database.url with that of the server, or run doctor with the server's settings file.";
        Finding::error("public_url_other_database", message, remedy)
    })
}

/// By the `Date` of an answer that was got between `before` and `after` (RFC 9110 section 6.6.1).
fn clock_skew(headers: &HeaderMap, before: Timestamp, after: Timestamp) -> Option<Finding> {
    let date = headers.get(header::DATE)?.to_str().ok()?;
    let date = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
    // It has whole seconds.
    let skew =
        skew(Timestamp::from_millis(date.as_millisecond()), before, after).saturating_sub(Duration::from_secs(1));
    (skew > LEEWAY).then(|| {
        let message = format!("The clock at the public URL is {} s from this machine's.", skew.as_secs());
        let remedy = "Synchronise all machines by NTP: tokens of one are not valid yet, or no more, at another.";
        Finding::warning("clock_public_url", message, remedy)
    })
}

#[cfg(test)]
#[path = "public_url_tests.rs"]
mod tests;
