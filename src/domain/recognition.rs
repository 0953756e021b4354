//! Recognises a device from its requests. Some parts of a User-Agent are frozen: they are the same on every version of
//! a system. Some browsers send the real values in client hints (W3C, User-Agent Client Hints).

use super::device::{Device, DeviceKind};

/// A User-Agent, and what a parser recognised in it.
#[derive(Clone, Copy, Debug, Default)]
pub struct UserAgent<'a> {
    /// The header itself.
    pub text: &'a str,
    /// The browser's name, as the parser has it.
    pub browser: Option<&'a str>,
    /// The system's name, as the parser has it.
    pub system: Option<&'a str>,
    /// The system's version; empty if there is none.
    pub system_version: &'a str,
    /// A device with a window that is neither a phone nor a tablet.
    pub desktop: bool,
    /// Something that makes calls and fits into a pocket.
    pub phone: bool,
}

/// The client hints of a request. Hints that are missing or malformed are absent.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// `Sec-CH-UA`, without the versions.
    pub brands: Vec<String>,
    /// `Sec-CH-UA-Mobile`.
    pub mobile: Option<bool>,
    /// `Sec-CH-UA-Platform`.
    pub platform: Option<String>,
    /// `Sec-CH-UA-Platform-Version`: the first two numbers.
    pub platform_version: Option<(u32, u32)>,
    /// `Sec-CH-UA-Model`.
    pub model: Option<String>,
}

/// Brands, and the names that people know. If a browser sends several, the first in this order counts.
const BRANDS: [(&str, &str); 10] = [
    ("Brave", "Brave"),
    ("DuckDuckGo", "DuckDuckGo"),
    ("Microsoft Edge", "Edge"),
    ("Opera", "Opera"),
    ("Opera GX", "Opera GX"),
    ("Samsung Internet", "Samsung Internet"),
    ("Vivaldi", "Vivaldi"),
    ("YaBrowser", "Yandex Browser"),
    ("Google Chrome", "Chrome"),
    ("HeadlessChrome", "Chrome"),
];

/// Programs without a window, by the first word of their User-Agent in lower case.
const PROGRAMS: [(&str, &str); 17] = [
    ("axios", "axios"),
    ("curl", "curl"),
    ("go-http-client", "Go"),
    ("httpie", "HTTPie"),
    ("insomnia", "Insomnia"),
    ("java-http-client", "Java"),
    ("node", "Node.js"),
    ("okhttp", "OkHttp"),
    ("postmanruntime", "Postman"),
    ("python", "Python"),
    ("python-httpx", "Python"),
    ("python-requests", "Python"),
    ("python-urllib", "Python"),
    ("reqwest", "reqwest"),
    ("wget", "Wget"),
    ("wget2", "Wget"),
    ("xh", "xh"),
];

/// The device as the devices page names it. It has a version only if the version is known.
///
/// ```
/// use latchkey::domain::recognition::{Hints, UserAgent, recognise};
///
/// let (browser, system) = (Some("Chrome"), Some("Windows 10"));
/// let agent = UserAgent { browser, system, desktop: true, ..UserAgent::default() };
/// let hints = Hints { platform_version: Some((15, 0)), ..Hints::default() };
/// let device = recognise(&agent, &hints);
/// assert_eq!(device.browser.as_deref(), Some("Chrome"));
/// assert_eq!(device.os.as_deref(), Some("Windows 11"));
/// ```
pub fn recognise(agent: &UserAgent<'_>, hints: &Hints) -> Device {
    if let Some(program) = program(agent.text) {
        return Device { browser: Some(program.to_owned()), os: None, kind: DeviceKind::CommandLine };
    }
    let family = hints.platform.as_deref().and_then(platform).or_else(|| agent.system.map(family));
    let mobile = hints.mobile.unwrap_or_else(|| agent.text.contains("Mobile"));
    let kind = match family {
        Some("iPad") => DeviceKind::Tablet,
        Some("Android") if !mobile => DeviceKind::Tablet,
        _ if agent.phone => DeviceKind::Phone,
        _ if agent.desktop => DeviceKind::Desktop,
        _ => DeviceKind::Unknown,
    };
    let os = family.map(|family| match family {
        "Windows" => windows(agent, hints),
        "macOS" => macos(hints),
        "Android" => android(agent, hints),
        other => other.to_owned(),
    });
    Device { browser: browser(agent, hints).map(str::to_owned), os, kind }
}

fn program(text: &str) -> Option<&'static str> {
    let first = text.split(['/', ' ']).next().unwrap_or_default().to_ascii_lowercase();
    PROGRAMS.iter().find(|(start, _)| *start == first).map(|(_, name)| *name)
}

fn browser<'a>(agent: &UserAgent<'a>, hints: &Hints) -> Option<&'a str> {
    let has_brand = |brand: &str| hints.brands.iter().any(|sent| sent == brand);
    match BRANDS.iter().find(|(brand, _)| has_brand(brand)) {
        Some((_, name)) => Some(name),
        None => match agent.browser? {
            // Chrome itself sends the brand "Google Chrome" too.
            "Chrome" if has_brand("Chromium") => Some("Chromium"),
            "SamsungBrowser" => Some("Samsung Internet"),
            other => Some(other),
        },
    }
}

/// The known values of `Sec-CH-UA-Platform`, and the names that people know. "iOS" is left out: there the User-Agent
/// names the device.
fn platform(value: &str) -> Option<&'static str> {
    Some(match value {
        "Android" => "Android",
        "Chrome OS" | "Chromium OS" => "ChromeOS",
        "Fuchsia" => "Fuchsia",
        "Linux" => "Linux",
        "macOS" => "macOS",
        "Windows" => "Windows",
        _ => return None,
    })
}

/// The name of a system, without its version.
fn family(system: &str) -> &str {
    match system {
        "Mac OSX" => "macOS",
        _ if system.starts_with("Windows Phone") => "Windows Phone",
        _ if system.starts_with("Windows") => "Windows",
        _ => system,
    }
}

/// Every version since Windows 10 says "Windows NT 10.0"; earlier ones say their real version. In the hint, 13 is the
/// first Windows 11, and versions before Windows 10 have the first number 0 (Microsoft, Detect Windows 11 using client
/// hints).
fn windows(agent: &UserAgent<'_>, hints: &Hints) -> String {
    let name = match (hints.platform_version, agent.system) {
        (Some((0, 1)), _) => "Windows 7",
        (Some((0, 2)), _) => "Windows 8",
        (Some((0, 3)), _) => "Windows 8.1",
        (Some((1..13, _)), _) => "Windows 10",
        (Some((13.., _)), _) => "Windows 11",
        (None, Some(older @ ("Windows XP" | "Windows Vista" | "Windows 7" | "Windows 8" | "Windows 8.1"))) => older,
        _ => "Windows",
    };
    name.to_owned()
}

/// User-Agents say 10.15.7 on every later version. The version after 15 is 26; browsers built before it send 16
/// instead.
fn macos(hints: &Hints) -> String {
    match hints.platform_version {
        None | Some((0, _)) => "macOS".to_owned(),
        Some((10, minor)) => format!("macOS 10.{minor}"),
        Some((16, _)) => "macOS 26".to_owned(),
        Some((major, _)) => format!("macOS {major}"),
    }
}

/// User-Agents that say "Android 10; K" are frozen; other versions are real.
fn android(agent: &UserAgent<'_>, hints: &Hints) -> String {
    let in_agent = agent.system_version.split('.').next().unwrap_or_default();
    let in_agent = in_agent.parse::<u32>().ok().filter(|in_agent| *in_agent != 10);
    let version = hints.platform_version.map(|(major, _)| major).filter(|major| *major > 0).or(in_agent);
    let mut name = version.map_or_else(|| "Android".to_owned(), |version| format!("Android {version}"));
    if let Some(model) = &hints.model {
        name = format!("{name} ({model})");
    }
    name
}

#[cfg(test)]
#[path = "recognition_tests.rs"]
mod tests;
