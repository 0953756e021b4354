//! `Forwarded` (RFC 7239). First line: the host that a client named, which the proxy quotes. Then what the client wrote
//! in the header, line by line. The proxy appends its own element to the last line, or sends it as a line of its own.
//! The client's address is the one in that element, whatever the client wrote.
#![no_main]

use http::{HeaderMap, HeaderName, HeaderValue};
use latchkey::server::config::ForwardedHeader;
use latchkey::server::http::TrustedProxies;
use latchkey_fuzz::{headers, lines};
use libfuzzer_sys::fuzz_target;
use std::net::IpAddr;

fuzz_target!(|data: &[u8]| {
    let mut input = lines(data);
    let Some(host) = input.next() else { return };
    let proxy: IpAddr = [192, 0, 2, 1].into();
    let told: IpAddr = [198, 51, 100, 7].into();
    let proxies = TrustedProxies::parse(&[proxy.to_string()]).expect("an address").sending(ForwardedHeader::Forwarded);
    let name = HeaderName::from_static("forwarded");
    let written = headers(&name, input);
    let client = |headers: &HeaderMap| proxies.client_address(proxy, headers).expect("the peer has an address");

    // The element alone, and with the host in quotes.
    let alone = b"for=198.51.100.7;proto=https".to_vec();
    let mut quoted = b"host=\"".to_vec();
    for byte in host {
        if matches!(byte, b'"' | b'\\') {
            quoted.push(b'\\');
        }
        quoted.push(*byte);
    }
    quoted.extend_from_slice(b"\";for=198.51.100.7");
    let needs_escapes = host.iter().any(|byte| matches!(byte, b'"' | b'\\'));

    for (element, is_plain) in [(alone, true), (quoted, !needs_escapes)] {
        let Ok(element) = HeaderValue::from_bytes(&element) else { continue };
        let mut own_line = written.clone();
        own_line.append(&name, element.clone());
        let mut all: Vec<HeaderValue> = written.get_all(&name).iter().cloned().collect();
        let last = all.pop().map_or_else(Vec::new, |last| [last.as_bytes(), b", "].concat());
        let mut same_line = HeaderMap::new();
        for line in all {
            same_line.append(&name, line);
        }
        let Ok(appended) = HeaderValue::from_bytes(&[&last, element.as_bytes()].concat()) else { continue };
        same_line.append(&name, appended);
        for headers in [own_line, same_line] {
            let client = client(&headers);
            // An element with escapes may count as malformed. Then the proxy is the client.
            assert!(client == told || !is_plain && client == proxy, "{client}: {headers:?}");
        }
    }
});
