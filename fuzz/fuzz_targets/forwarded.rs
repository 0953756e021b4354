//! `X-Forwarded-For`. First line: the peer. Second: whom we trust. Then the header, line by line. The client is the
//! peer or a named hop, and never a trusted proxy as long as it names one before it.
#![no_main]

use http::HeaderName;
use ipnet::IpNet;
use latchkey::server::http::TrustedProxies;
use latchkey_fuzz::{headers, lines};
use libfuzzer_sys::fuzz_target;
use std::net::IpAddr;

fuzz_target!(|data: &[u8]| {
    let mut input = lines(data);
    let (Some(Ok(peer)), Some(trusted)) = (input.next().map(text::<IpAddr>), input.next()) else { return };
    let listed: Vec<String> =
        trusted.split(|byte| *byte == b',').map(|part| String::from_utf8_lossy(part).into()).collect();
    let Ok(proxies) = TrustedProxies::parse(&listed) else { return };
    let trusted = |address: IpAddr| {
        listed.iter().any(|network| match network.parse::<IpNet>() {
            Ok(network) => network.contains(&address),
            Err(_) => network.parse() == Ok(address),
        })
    };

    let name = HeaderName::from_static("x-forwarded-for");
    let sent = headers(&name, input);
    let client = proxies.client_address(peer, &sent).expect("the peer has an address");

    let all = sent.get_all(&name).iter().map(|line| line.as_bytes()).collect::<Vec<_>>().join(&b',');
    let hops = all.rsplit(|byte| *byte == b',').map(|hop| text::<IpAddr>(hop.trim_ascii()).ok());
    let chain: Vec<Option<IpAddr>> =
        [Some(peer)].into_iter().chain(hops).map(|hop| hop.map(|hop| hop.to_canonical())).collect();
    let at = chain.iter().position(|hop| *hop == Some(client)).expect("the client is the peer or a named hop");
    assert!(chain[..at].iter().all(|hop| hop.is_some_and(trusted)), "nobody but trusted hops named {client}");
    if trusted(client) {
        // A trusted one is named only by itself once more, until what is no address, or the end.
        let mut before = chain[at + 1..].iter().skip_while(|hop| hop.is_some_and(trusted));
        assert!(before.next().is_none_or(Option::is_none), "{client} is a proxy, and a client was named");
    }
});

fn text<T: std::str::FromStr>(bytes: &[u8]) -> Result<T, ()> {
    std::str::from_utf8(bytes).map_err(drop)?.parse().map_err(drop)
}
