//! Normalises the public URL: each origin has one spelling, the one that browsers use (WHATWG URL Standard).

use url::{Host, Url};

/// The origin in `text`: host in lower case, without the default port of its scheme, without a dot or a slash at its
/// end. Browsers send exactly this as `Origin`, and it is the issuer of tokens.
///
/// # Errors
/// A sentence for the operator.
pub(super) fn origin(text: &str) -> Result<String, &'static str> {
    let url = Url::parse(text).map_err(|_| "is not a URL; write https://id.example.org")?;
    let is_loopback = match url.host() {
        Some(Host::Domain(domain)) => {
            let domain = domain.trim_end_matches('.');
            domain == "localhost" || domain.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return Err("must start with https://"),
    };
    match url.scheme() {
        "https" => {}
        "http" if is_loopback => {}
        "http" => return Err("must be https unless it is loopback"),
        _ => return Err("must start with https://"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must have no user and no password");
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err("must have nothing behind its host and port: the app is served at the root");
    }
    let host = url.host_str().unwrap_or_default();
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.is_empty() || host.ends_with('.') {
        return Err("names no host");
    }
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Ok(format!("{}://{host}{port}", url.scheme()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_origin_has_one_spelling() {
        for text in [
            "https://id.example.org",
            "https://ID.Example.ORG",
            "https://id.example.org:443",
            "https://id.example.org/",
            "https://id.example.org.",
            "HTTPS://id.example.org.:443/",
            " https://id.example.org ",
        ] {
            assert_eq!(origin(text).as_deref(), Ok("https://id.example.org"), "{text:?}");
        }
        assert_eq!(origin("https://id.example.org:8443").as_deref(), Ok("https://id.example.org:8443"));
        assert_eq!(origin("https://bücher.example").as_deref(), Ok("https://xn--bcher-kva.example"));
        assert_eq!(origin("http://localhost:80").as_deref(), Ok("http://localhost"));
        assert_eq!(origin("http://127.1:4000").as_deref(), Ok("http://127.0.0.1:4000"));
        assert_eq!(origin("http://[0:0::1]:4000").as_deref(), Ok("http://[::1]:4000"));
        assert_eq!(origin("http://app.localhost:3000").as_deref(), Ok("http://app.localhost:3000"));
    }

    #[test]
    fn what_is_no_origin_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", "not a URL"),
            ("id.example.org", "not a URL"),
            ("https://", "not a URL"),
            ("https://id.example.org:99999", "not a URL"),
            ("id.example.org:443", "https://"),
            ("ftp://id.example.org", "https://"),
            ("http://id.example.org", "unless it is loopback"),
            ("http://localhost.example.org", "unless it is loopback"),
            ("https://ada@id.example.org", "no user"),
            ("https://id.example.org/auth", "behind its host"),
            ("https://id.example.org?x", "behind its host"),
            ("https://id.example.org#x", "behind its host"),
        ] {
            let refused = origin(text).unwrap_err();
            assert!(refused.contains(reason), "{text}: {refused}");
        }
    }
}
