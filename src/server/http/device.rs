//! Recognises the device of a request. It is only a label: no decision depends on it.

use crate::domain::device::Device;
use crate::domain::recognition::{Hints, UserAgent, recognise};
use http::{HeaderMap, HeaderName, HeaderValue};
use quick_cache::sync::Cache;
use sfv::{BareItem, Item, List, ListEntry, Parser};
use std::sync::{Arc, LazyLock};

/// The client hints that pages ask for (`Accept-CH`), beside those that browsers always send: only those that are
/// shown.
pub(super) const ASKED_FOR: HeaderValue = HeaderValue::from_static("Sec-CH-UA-Platform-Version, Sec-CH-UA-Model");

/// The client hints that are read.
pub(super) const HINTS: [HeaderName; 5] = [
    HeaderName::from_static("sec-ch-ua"),
    HeaderName::from_static("sec-ch-ua-mobile"),
    HeaderName::from_static("sec-ch-ua-platform"),
    HeaderName::from_static("sec-ch-ua-platform-version"),
    HeaderName::from_static("sec-ch-ua-model"),
];

/// The longest hint that is read, in bytes.
const HINT_MAX: usize = 512;
/// The longest model that is shown, in characters.
const MODEL_MAX: usize = 40;

/// How many User-Agents are remembered with what was read from them. Each takes up to 500 bytes.
const REMEMBERED: usize = 1_000;

/// The device that a User-Agent and client hints describe.
pub(super) fn of(user_agent: &str, hints: &Hints) -> Device {
    let read = read(user_agent);
    let known = |text| Some(text).filter(|text| !["UNKNOWN", ""].contains(text));
    let category = read.category.as_str();
    let agent = UserAgent {
        text: user_agent,
        browser: known(read.browser.as_str()),
        system: known(read.system.as_str()),
        system_version: &read.system_version,
        desktop: category == "pc",
        phone: ["smartphone", "mobilephone"].contains(&category),
    };
    recognise(&agent, hints)
}

/// What woothee reads from a User-Agent.
struct AgentReading {
    browser: String,
    system: String,
    system_version: String,
    category: String,
}

/// Reads a User-Agent, or remembers what was read from it: most requests come from a few kinds of browser, and reading
/// searches the text for some hundred names.
fn read(user_agent: &str) -> Arc<AgentReading> {
    static READ: LazyLock<Cache<String, Arc<AgentReading>>> = LazyLock::new(|| Cache::new(REMEMBERED));

    READ.get(user_agent).unwrap_or_else(|| {
        let read = woothee::parser::Parser::new().parse(user_agent).unwrap_or_default();
        let read = Arc::new(AgentReading {
            browser: read.name.to_owned(),
            system: read.os.to_owned(),
            system_version: read.os_version.into_owned(),
            category: read.category.to_owned(),
        });
        READ.insert(user_agent.to_owned(), read.clone());
        read
    })
}

/// The client hints of a request. They are structured fields (RFC 9651); malformed or too long ones are ignored.
pub(super) fn hints(headers: &HeaderMap) -> Hints {
    let sent = |name: &HeaderName| headers.get(name).map(HeaderValue::as_bytes).filter(|value| value.len() <= HINT_MAX);
    let item = |name: &HeaderName| Parser::new(sent(name)?).parse::<Item>().ok().map(|item| item.bare_item);
    let string = |name: &HeaderName| item(name).and_then(text).filter(|text| !text.is_empty());
    let [brands, mobile, platform, platform_version, model] = &HINTS;
    let brands = sent(brands).and_then(|value| Parser::new(value).parse::<List>().ok()).unwrap_or_default();
    let brand = |entry| match entry {
        ListEntry::Item(Item { bare_item, .. }) => text(bare_item),
        ListEntry::InnerList(_) => None,
    };
    Hints {
        brands: brands.into_iter().filter_map(brand).collect(),
        mobile: item(mobile).and_then(|item| item.as_boolean()),
        platform: string(platform),
        platform_version: string(platform_version).as_deref().and_then(version),
        model: string(model).filter(|model| is_model(model)),
    }
}

fn text(item: BareItem) -> Option<String> {
    match item {
        BareItem::String(text) => Some(text.into()),
        _ => None,
    }
}

/// The first two numbers of a version.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split('.');
    let major = numbers.next()?.parse().ok()?;
    Some((major, numbers.next().map_or(Some(0), |minor| minor.parse().ok())?))
}

fn is_model(text: &str) -> bool {
    text.len() <= MODEL_MAX && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" -_.+()/".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::device::DeviceKind::{self, *};

    const CHROME_ON_WINDOWS: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";
    const CHROME_ON_ANDROID: &str = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36";

    fn sent(fields: &[(&'static str, &str)]) -> Hints {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.insert(*name, value.parse().unwrap());
        }
        hints(&headers)
    }

    fn told(user_agent: &str, hints: &Hints) -> (String, String, DeviceKind) {
        let Device { browser, os, kind } = of(user_agent, hints);
        (browser.unwrap_or_default(), os.unwrap_or_default(), kind)
    }

    #[test]
    fn user_agents_as_browsers_send_them() {
        for (user_agent, browser, os, kind) in [
            (CHROME_ON_WINDOWS, "Chrome", "Windows", Desktop),
            (CHROME_ON_ANDROID, "Chrome", "Android", Phone),
            (&CHROME_ON_ANDROID.replace("Mobile ", ""), "Chrome", "Android", Tablet),
            (&format!("{CHROME_ON_WINDOWS} Edg/131.0.0.0"), "Edge", "Windows", Desktop),
            (&format!("{CHROME_ON_WINDOWS} OPR/116.0.0.0"), "Opera", "Windows", Desktop),
            (&format!("{CHROME_ON_WINDOWS} Vivaldi/7.0.3495.6"), "Vivaldi", "Windows", Desktop),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36",
                "Samsung Internet",
                "Android",
                Phone,
            ),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
                "Chrome",
                "ChromeOS",
                Desktop,
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
                "Safari",
                "macOS",
                Desktop,
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:132.0) Gecko/20100101 Firefox/132.0",
                "Firefox",
                "macOS",
                Desktop,
            ),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0", "Firefox", "Linux", Desktop),
            (
                "Mozilla/5.0 (Windows NT 6.1; Win64; x64; rv:115.0) Gecko/20100101 Firefox/115.0",
                "Firefox",
                "Windows 7",
                Desktop,
            ),
            ("Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0", "Firefox", "Android 14", Phone),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
                "Safari",
                "iPhone",
                Phone,
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1",
                "Chrome",
                "iPhone",
                Phone,
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/132.0 Mobile/15E148 Safari/605.1.15",
                "Firefox",
                "iPhone",
                Phone,
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 EdgiOS/131.0 Mobile/15E148 Safari/604.1",
                "Edge",
                "iPhone",
                Phone,
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
                "Safari",
                "iPad",
                Tablet,
            ),
            ("curl/8.5.0", "curl", "", CommandLine),
            ("something else", "", "", Unknown),
            ("", "", "", Unknown),
        ] {
            let expected = (browser.to_owned(), os.to_owned(), kind);
            assert_eq!(told(user_agent, &Hints::default()), expected, "{user_agent}");
        }
    }

    #[test]
    fn hints_as_browsers_send_them() {
        let windows = sent(&[
            ("sec-ch-ua", r#""Brave";v="131", "Chromium";v="131", "Not_A Brand";v="24""#),
            ("sec-ch-ua-mobile", "?0"),
            ("sec-ch-ua-platform", "\"Windows\""),
            ("sec-ch-ua-platform-version", "\"15.0.0\""),
            ("sec-ch-ua-model", "\"\""),
        ]);
        assert_eq!(told(CHROME_ON_WINDOWS, &windows), ("Brave".into(), "Windows 11".into(), Desktop));
        let android = sent(&[
            ("sec-ch-ua", r#""Google Chrome";v="131", "Chromium";v="131", "Not;A=Br\"and";v="24""#),
            ("sec-ch-ua-mobile", "?1"),
            ("sec-ch-ua-platform", "\"Android\""),
            ("sec-ch-ua-platform-version", "\"15.0.0\""),
            ("sec-ch-ua-model", "\"Pixel 9\""),
        ]);
        assert_eq!(told(CHROME_ON_ANDROID, &android), ("Chrome".into(), "Android 15 (Pixel 9)".into(), Phone));
    }

    #[test]
    fn what_is_no_hint_counts_for_nothing() {
        let long = format!("\"{}\"", "x".repeat(600));
        let longer = "x".repeat(MODEL_MAX + 1);
        for (name, value) in [
            ("sec-ch-ua", "\"Brave"),
            ("sec-ch-ua", "(\"Brave\")"),
            ("sec-ch-ua", "Brave"),
            ("sec-ch-ua-mobile", "1"),
            ("sec-ch-ua-platform", "Windows"),
            ("sec-ch-ua-platform", "\"macOS\", \"Windows\""),
            ("sec-ch-ua-platform", &long),
            ("sec-ch-ua-platform-version", "\"-1.0\""),
            ("sec-ch-ua-platform-version", "\"99999999999999\""),
            ("sec-ch-ua-platform-version", "15"),
            ("sec-ch-ua-model", "\"<b>Pixel\""),
            ("sec-ch-ua-model", &format!("\"{longer}\"")),
            ("sec-ch-ua-model", "\"a\\\"b\""),
        ] {
            assert_eq!(
                told(CHROME_ON_ANDROID, &sent(&[(name, value)])),
                ("Chrome".into(), "Android".into(), Phone),
                "{name}: {value}"
            );
        }
        assert_eq!(version("15"), Some((15, 0)));
        assert_eq!(version("10.15.7"), Some((10, 15)));
    }
}
