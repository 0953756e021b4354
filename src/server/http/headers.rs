//! The response headers of every answer, files and errors included. No other module decides them.

use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

/// The policy of answers that are no page: they may load nothing.
const CSP_NOTHING: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The policy of workers: they run WebAssembly, loaded from this site.
const CSP_WORKER: &str = "default-src 'none'; connect-src 'self'; script-src 'wasm-unsafe-eval'; base-uri 'none'; \
                          form-action 'none'; frame-ancestors 'none'";

const ALWAYS: [(HeaderName, HeaderValue); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
];

/// How many headers [`complete`] and the request's id add at most. A map that grows is copied.
const ADDED_MAX: usize = 11;

/// The content security policy of a page whose scripts carry `nonce`. In development a page also connects to
/// `reload_port`.
pub(crate) fn page_policy(nonce: &str, reload_port: Option<u32>) -> Option<HeaderValue> {
    let reload = reload_port.map(|port| format!(" ws://*:{port}")).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; \
         font-src 'self'; connect-src 'self'{reload}; manifest-src 'self'; object-src 'none'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).ok()
}

/// The headers of a file whose name changes with its content.
pub(crate) fn kept_for_ever<B>(mut response: Response<B>, is_script: bool) -> Response<B> {
    if !response.status().is_success() && response.status() != StatusCode::NOT_MODIFIED {
        return response;
    }
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    // The encoding depends on what the browser accepts, and caches must know that.
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if is_script {
        // A worker has the policy of its own file (CSP 3, section 4.2). If the browser has cached the file, the headers
        // of this answer replace the stored ones (RFC 9111, section 3.2).
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP_WORKER));
    }
    response
}

/// The headers of a file that keeps its name when its content changes.
pub(crate) fn kept_for_a_day<B>(mut response: Response<B>) -> Response<B> {
    if response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400"));
    }
    response
}

/// Whether caches may give the answer to other clients too (RFC 9111, section 5.2.2.9).
pub(crate) fn is_public(headers: &HeaderMap) -> bool {
    headers.get(header::CACHE_CONTROL).is_some_and(|value| value.as_bytes().starts_with(b"public"))
}

/// Adds the headers that an answer does not set itself. An answer that does not say how long it may be cached may not
/// be stored.
pub(crate) fn complete(headers: &mut HeaderMap, https: bool) {
    headers.reserve(ADDED_MAX);
    for (name, value) in ALWAYS {
        headers.insert(name, value);
    }
    if https {
        let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static(referrer_policy(headers)));
    if let Some(named) = headers.get(header::CONTENT_TYPE).and_then(with_charset) {
        headers.insert(header::CONTENT_TYPE, named);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(CSP_NOTHING));
}

/// A page sends its address as referrer to this site only. With `no-referrer`, browsers would send the origin `null`
/// with its forms; without Fetch Metadata such forms are refused.
fn referrer_policy(headers: &HeaderMap) -> &'static str {
    let is_page = headers.get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    if is_page { "same-origin" } else { "no-referrer" }
}

/// The content type of a text with its charset, if it has none. All our texts are UTF-8; a stream of events always is,
/// by its definition.
fn with_charset(value: &HeaderValue) -> Option<HeaderValue> {
    let is_json = value.as_bytes().starts_with(b"application/");
    let value = value.to_str().ok().filter(|_| !is_json)?;
    let mut parts = value.split(';').map(|part| part.trim().to_ascii_lowercase());
    let media_type = parts.next()?;
    let is_text = media_type.starts_with("text/") && media_type != "text/event-stream" || media_type == "image/svg+xml";
    let is_silent = !parts.any(|part| part.starts_with("charset="));
    (is_text && is_silent).then(|| HeaderValue::try_from(format!("{value}; charset=utf-8")).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_say_how_they_are_encoded_and_nothing_else_does() {
        for (given, told) in [
            ("text/css", "text/css; charset=utf-8"),
            ("text/javascript", "text/javascript; charset=utf-8"),
            ("image/svg+xml", "image/svg+xml; charset=utf-8"),
            ("text/html; Charset=UTF-8", "text/html; Charset=UTF-8"),
            ("text/event-stream", "text/event-stream"),
            ("application/problem+json", "application/problem+json"),
            ("application/wasm", "application/wasm"),
            ("image/png", "image/png"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(given));
            complete(&mut headers, true);
            assert_eq!(headers[header::CONTENT_TYPE], told);
        }
    }
}
