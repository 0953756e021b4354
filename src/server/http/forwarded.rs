//! Reads the headers in which proxies say whom they forward: `X-Forwarded-For`, and `Forwarded` (RFC 7239).
//!
//! Each proxy appends a hop at the end, and a client may have written whatever stands before. So both headers are read
//! from their end, byte by byte: nothing that stands further left, not even an open quote or invalid UTF-8, changes how
//! the hop of a proxy is read.

use crate::server::config::ForwardedHeader;
use http::{HeaderMap, HeaderValue};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The hops of a request, the last one first. `None` for a hop that names no address.
pub(super) fn hops(header: ForwardedHeader, headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    let name = name(header);
    let lines: Vec<&[u8]> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
    lines.into_iter().rev().flat_map(move |line| {
        let mut rest = Some(line);
        std::iter::from_fn(move || {
            let line = rest?;
            let (before, hop) = match header {
                ForwardedHeader::XForwardedFor => split_last(line, |_| false),
                ForwardedHeader::Forwarded => {
                    let mut is_quoted = false;
                    split_last(line, move |byte| {
                        is_quoted ^= byte == b'"';
                        is_quoted
                    })
                }
            };
            rest = before;
            let hop = String::from_utf8_lossy(hop.trim_ascii());
            Some(match header {
                ForwardedHeader::XForwardedFor => address_of(&hop),
                ForwardedHeader::Forwarded => address_in_element(&hop),
            })
        })
    })
}

/// The name of a header, in lower case.
pub(super) const fn name(header: ForwardedHeader) -> &'static str {
    match header {
        ForwardedHeader::XForwardedFor => "x-forwarded-for",
        ForwardedHeader::Forwarded => "forwarded",
    }
}

/// Splits a line at its last comma of those that `is_quoted`, which sees the bytes from the end, does not take away.
fn split_last(line: &[u8], mut is_quoted: impl FnMut(u8) -> bool) -> (Option<&[u8]>, &[u8]) {
    match line.iter().rposition(|byte| !is_quoted(*byte) && *byte == b',') {
        Some(at) => (line.get(..at), line.get(at + 1..).unwrap_or_default()),
        None => (None, line),
    }
}

/// The address of a hop in the forms that proxies write: alone, with a port (Azure), or IPv6 in brackets.
fn address_of(hop: &str) -> Option<IpAddr> {
    let bracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::from);
    let with_port = || hop.parse::<SocketAddr>().ok().map(|address| address.ip());
    hop.parse().ok().or_else(with_port).or_else(bracketed)
}

/// The address of the parameter `for` in a forwarded-element (RFC 7239 section 4). `None` for an identifier that is no
/// address (`unknown`, `_hidden`), and for an element that is not well-formed.
///
/// An escape (`\"`) makes quotes ambiguous when they are read from the end. No address needs one, so an element with a
/// backslash counts as not well-formed. Where an escaped quote made the element end at the wrong comma, the backslash
/// is in the part that was read.
fn address_in_element(element: &str) -> Option<IpAddr> {
    if element.contains('\\') {
        return None;
    }
    let mut is_quoted = false;
    let parameters = element.split(|c: char| {
        is_quoted ^= c == '"';
        c == ';' && !is_quoted
    });
    let mut named = None;
    for parameter in parameters {
        let (name, value) = parameter.split_once('=')?;
        if name.trim().eq_ignore_ascii_case("for") && named.replace(value.trim()).is_some() {
            return None;
        }
    }
    let value = named?;
    let node = match value.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"')?,
        None => value,
    };
    // A port may be hidden too (RFC 7239 section 6.2).
    let visible = node.rsplit_once(":_").filter(|(_, port)| is_obfuscated(port)).map_or(node, |(node, _)| node);
    address_of(visible)
}

fn is_obfuscated(port: &str) -> bool {
    !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::Strategy as _;
    use proptest::prop_assert;
    use proptest::sample::select;
    use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

    /// The hops of a `Forwarded` header, the last one first; `-` for one without an address.
    fn forwarded(lines: &[&str]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("forwarded", HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        let text = |hop: Option<IpAddr>| hop.map_or_else(|| "-".to_owned(), |hop| hop.to_string());
        hops(ForwardedHeader::Forwarded, &headers).map(text).collect()
    }

    #[test]
    fn the_forms_of_rfc_7239_are_read() {
        for (line, read) in [
            ("for=192.0.2.60", "192.0.2.60"),
            ("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("for=\"[2001:db8:cafe::17]\"", "2001:db8:cafe::17"),
            ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"),
            ("proto=https; by=203.0.113.43; for=192.0.2.60", "192.0.2.60"),
            ("for=\"192.0.2.60:4711\"", "192.0.2.60"),
            ("for=\"192.0.2.60:_x4\"", "192.0.2.60"),
            ("for=\"[2001:db8::1]:_p\"", "2001:db8::1"),
            ("host=\"a,b;for=1.1.1.1\";for=192.0.2.60", "192.0.2.60"),
            ("host=\"é\";for=192.0.2.60", "192.0.2.60"),
            ("FOR = 192.0.2.60", "192.0.2.60"),
            // What proxies write though the RFC wants quotes.
            ("for=[2001:db8::1]:80", "2001:db8::1"),
            ("for=2001:db8::1", "2001:db8::1"),
        ] {
            assert_eq!(forwarded(&[line]), [read], "{line}");
        }
        assert_eq!(forwarded(&["for=192.0.2.43, for=198.51.100.17"]), ["198.51.100.17", "192.0.2.43"]);
        assert_eq!(forwarded(&["for=192.0.2.43", "for=198.51.100.17"]), ["198.51.100.17", "192.0.2.43"]);
    }

    #[test]
    fn what_names_no_address_is_no_address() {
        for line in [
            "for=unknown",
            "for=\"_gazonk\"",
            "for=_SEVKISEK:80",
            "proto=https",
            "",
            "for",
            "for=",
            "for=\"192.0.2.1",
            "for=192.0.2.1\"",
            "for=192.0.2.1;for=192.0.2.2",
            "for=\"192.0.2.1:_\"",
            "for=\"192.0.2.1:_a b\"",
            "for=\"192.0.2.\\1\"",
            "192.0.2.1",
            "é=1;for=192.0.2.1 é",
        ] {
            assert_eq!(forwarded(&[line]), ["-"], "{line}");
        }
    }

    #[test]
    fn what_a_client_wrote_never_hides_the_hop_of_a_proxy() {
        for client in ["for=\"", "for=\"1.1.1.1", "\"", "\\", "for=\"\\", "a=\"b;\"c\"", "é", ",", ""] {
            let line = format!("{client}, for=192.0.2.60");
            assert_eq!(forwarded(&[&line])[0], "192.0.2.60", "{line}");
            assert_eq!(forwarded(&[client, "for=192.0.2.60"])[0], "192.0.2.60", "{client}");
        }
    }

    /// A proxy quotes the host that a client sent. However client and proxy mix, what counts is the proxy's own hop, or
    /// none: nothing that was quoted, and nothing further left.
    #[test]
    fn what_a_proxy_quotes_is_never_a_hop() {
        let pieces =
            ["\"", "\\", ",", ";", "=", " ", "for", "host", "6.6.6.6", "for=6.6.6.6", "[2001:db8::6]", "é", "x"];
        let text = || vec(select(pieces.to_vec()), 0..12).prop_map(|pieces| pieces.concat());
        let config = Config { cases: 4_000, failure_persistence: None, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]));
        let check = |(client, host): (String, String)| {
            let escaped = host.replace('\\', "\\\\").replace('"', "\\\"");
            let needs_escapes = escaped != host;
            for (element, is_plain) in [
                ("for=192.0.2.60".to_owned(), true),
                (format!("for=192.0.2.60;host=\"{escaped}\""), !needs_escapes),
                (format!("host=\"{escaped}\";for=192.0.2.60;proto=http"), !needs_escapes),
            ] {
                for lines in [vec![format!("{client},{element}")], vec![client.clone(), element.clone()]] {
                    let first = forwarded(&lines.iter().map(String::as_str).collect::<Vec<_>>()).remove(0);
                    let is_right = first == "192.0.2.60" || !is_plain && first == "-";
                    prop_assert!(is_right, "{lines:?}: {first}");
                }
            }
            Ok(())
        };
        runner.run(&(text(), text()), check).unwrap();
    }
}
