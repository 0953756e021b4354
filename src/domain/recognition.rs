//! What a device is, from what its requests say of it. User-Agents have frozen parts, which are the same on every
//! version of a system; what they hide some browsers tell in hints (W3C, User-UserAgent Client Hints).

use super::device::{Device, DeviceKind};

/// A User-UserAgent, and what a parser read in it.
#[derive(Clone, Copy, Debug, Default)]
pub struct UserAgent<'a> {
    pub text: &'a str,
    pub browser: Option<&'a str>,
    pub system: Option<&'a str>,
    pub system_version: &'a str,
    /// Something with a window that is neither a phone nor a tablet.
    pub desktop: bool,
    pub phone: bool,
}

/// The client hints of a request; what was not sent, or is no such hint, is absent.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// `Sec-CH-UA`, without the versions.
    pub brands: Vec<String>,
    /// `Sec-CH-UA-Mobile`.
    pub mobile: Option<bool>,
    /// `Sec-CH-UA-Platform`.
    pub platform: Option<String>,
    /// `Sec-CH-UA-Platform-Version`: its first two numbers.
    pub platform_version: Option<(u32, u32)>,
    /// `Sec-CH-UA-Model`.
    pub model: Option<String>,
}

/// Brands, and what people call them. Of several that a browser says, the first of these counts.
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

/// Programs without a window, by the first word of their User-UserAgent in small letters.
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

/// What the devices page says of it. A version is said only if it is known.
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
    let says = |brand: &str| hints.brands.iter().any(|said| said == brand);
    match BRANDS.iter().find(|(brand, _)| says(brand)) {
        Some((_, name)) => Some(name),
        None => match agent.browser? {
            // Chrome would say so.
            "Chrome" if says("Chromium") => Some("Chromium"),
            "SamsungBrowser" => Some("Samsung Internet"),
            other => Some(other),
        },
    }
}

/// What `Sec-CH-UA-Platform` may say, and what people call it. Of "iOS" the User-UserAgent says on which device.
fn platform(said: &str) -> Option<&'static str> {
    Some(match said {
        "Android" => "Android",
        "Chrome OS" | "Chromium OS" => "ChromeOS",
        "Fuchsia" => "Fuchsia",
        "Linux" => "Linux",
        "macOS" => "macOS",
        "Windows" => "Windows",
        _ => return None,
    })
}

/// A system without its version.
fn family(system: &str) -> &str {
    match system {
        "Mac OSX" => "macOS",
        _ if system.starts_with("Windows Phone") => "Windows Phone",
        _ if system.starts_with("Windows") => "Windows",
        _ => system,
    }
}

/// "Windows NT 10.0" is what every later version says too; the earlier ones tell the truth. By the hint, 13 is the
/// first Windows 11, and before Windows 10 there is no first number (Microsoft, Detect Windows 11 using client hints).
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

/// User-Agents say 10.15.7 ever since. Versions went from 15 to 26, and a browser built before that says 16.
fn macos(hints: &Hints) -> String {
    match hints.platform_version {
        None | Some((0, _)) => "macOS".to_owned(),
        Some((10, minor)) => format!("macOS 10.{minor}"),
        Some((16, _)) => "macOS 26".to_owned(),
        Some((major, _)) => format!("macOS {major}"),
    }
}

/// User-Agents say "Android 10; K" ever since; other versions are true.
fn android(agent: &UserAgent<'_>, hints: &Hints) -> String {
    let said = agent.system_version.split('.').next().unwrap_or_default();
    let said = said.parse::<u32>().ok().filter(|said| *said != 10);
    let version = hints.platform_version.map(|(major, _)| major).filter(|major| *major > 0).or(said);
    let mut name = version.map_or_else(|| "Android".to_owned(), |version| format!("Android {version}"));
    if let Some(model) = &hints.model {
        name = format!("{name} ({model})");
    }
    name
}

#[cfg(test)]
#[path = "recognition_tests.rs"]
mod tests;
