//! Honest people, and how they fare.

use super::http::{Browser, client};
use reqwest::{Method, StatusCode};
use serde_json::json;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

pub(crate) const PASSWORD: &str = "seven quiet otters by the weir";

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Refresh,
    SignInKnown,
    SignInNew,
    Me,
    Devices,
}

impl Deed {
    pub(crate) const ALL: [Self; 5] = [Self::Refresh, Self::SignInKnown, Self::SignInNew, Self::Me, Self::Devices];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Refresh => "refresh",
            Self::SignInKnown => "sign-in, known browser",
            Self::SignInNew => "sign-in, new browser",
            Self::Me => "/api/me",
            Self::Devices => "/devices",
        }
    }

    /// How many people do it, in turn: enough that nobody is over a limit.
    const fn people(self) -> usize {
        match self {
            Self::Refresh => 10,
            Self::SignInKnown | Self::SignInNew => 5,
            Self::Me | Self::Devices => 1,
        }
    }

    /// How long one waits for the next.
    const fn pause(self) -> Duration {
        Duration::from_millis(match self {
            Self::Refresh => 100,
            Self::SignInKnown | Self::SignInNew => 400,
            Self::Me => 10,
            Self::Devices => 50,
        })
    }
}

/// How long it took, each time; and how often it was not done.
pub(crate) struct Measured {
    pub deed: Deed,
    pub times: Vec<Duration>,
    /// 4xx.
    pub refused: usize,
    /// 503 with `Retry-After`.
    pub put_off: usize,
    /// No answer, or any other one.
    pub failed: usize,
}

impl Measured {
    /// The time within which so many of a hundred were done.
    pub(crate) fn at(&self, percent: usize) -> Duration {
        let last = self.times.len().saturating_sub(1);
        self.times.get(last * percent / 100).copied().unwrap_or(Duration::MAX)
    }

    pub(crate) fn cell(&self) -> String {
        if self.times.is_empty() {
            return "never".to_owned();
        }
        let millis = |percent| self.at(percent).as_secs_f64() * 1_000.0;
        let mut cell = format!("{:.1} / {:.0}", millis(50), millis(99));
        for (word, number) in [("refused", self.refused), ("put off", self.put_off), ("failed", self.failed)] {
            if number > 0 {
                cell.push_str(&format!(", {number} of {} {word}", self.times.len()));
            }
        }
        cell
    }
}

/// All of them.
pub(crate) struct Honest(Vec<(Deed, Vec<(String, Browser)>)>);

impl Honest {
    /// Everybody signs up, at an address of their own.
    pub(crate) async fn arrive(url: &str) -> Self {
        let (mut all, mut network) = (Vec::new(), 0);
        for deed in Deed::ALL {
            let mut people = Vec::new();
            for n in 0..deed.people() {
                network += 1;
                let mut browser = Browser::new(url, client(Ipv4Addr::new(127, 200, network, 1)));
                let name = format!("{}-{n}", format!("{deed:?}").to_lowercase());
                let body = json!({"username": name, "password": PASSWORD, "remember": true});
                assert_eq!(browser.post("/auth/signup", body).await, Some(StatusCode::CREATED), "{name} signs up");
                people.push((name, browser));
            }
            all.push((deed, people));
        }
        Self(all)
    }

    /// All do what they do for so long.
    pub(crate) async fn act(&mut self, time: Duration) -> Vec<Measured> {
        let until = Instant::now() + time;
        let acting = self.0.iter_mut().map(|(deed, people)| repeat(*deed, people, until));
        futures_util::future::join_all(acting).await
    }
}

async fn repeat(deed: Deed, people: &mut [(String, Browser)], until: Instant) -> Measured {
    let mut measured = Measured { deed, times: Vec::new(), refused: 0, put_off: 0, failed: 0 };
    for turn in 0.. {
        if Instant::now() >= until {
            break;
        }
        let turn: usize = turn % people.len();
        let (name, browser) = &mut people[turn];
        let began = Instant::now();
        let status = deed.done_by(name, browser).await;
        measured.times.push(began.elapsed());
        match status.map_or(0, |status| status.as_u16()) {
            200..=299 => {}
            503 => measured.put_off += 1,
            400..=499 => measured.refused += 1,
            _ => measured.failed += 1,
        }
        tokio::time::sleep(deed.pause()).await;
    }
    measured.times.sort_unstable();
    measured
}

impl Deed {
    async fn done_by(self, name: &str, browser: &mut Browser) -> Option<StatusCode> {
        let credentials = json!({"username": name, "password": PASSWORD, "remember": true});
        match self {
            Self::Refresh => browser.post("/auth/refresh", json!({})).await,
            Self::SignInKnown => browser.post("/auth/login", credentials).await,
            Self::SignInNew => {
                Browser::new(&browser.url, browser.client.clone()).post("/auth/login", credentials).await
            }
            Self::Me => browser.send(Method::GET, "/api/me", None).await.map(|(status, _)| status),
            Self::Devices => browser.send(Method::GET, "/devices", None).await.map(|(status, _)| status),
        }
    }
}
