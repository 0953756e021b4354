//! The pieces of work, and how one is measured.

use crate::client::{Answer, Connection, request};
use crate::people::{JSON, People, Person, REFRESH, credentials};
use crate::server::Server;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    Healthz,
    Me,
    Sessions,
    Refresh,
    SignIn,
    End,
    DevicesPage,
    LoginPage,
}

/// What one server did in one turn.
pub(crate) struct Turn {
    pub(crate) requests: usize,
    pub(crate) took: Duration,
    pub(crate) cpu: Duration,
    /// Median and 99th percentile of the time to an answer.
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

/// One connection's share of a turn.
struct Share {
    /// On whose behalf requests are sent, one after the other.
    people: Vec<Person>,
    times: Vec<Duration>,
    /// Sessions that a sign-in has started, and that can be ended.
    started: Vec<Person>,
}

impl Work {
    pub(crate) const ALL: [Self; 8] = [
        Self::Healthz,
        Self::Me,
        Self::Sessions,
        Self::Refresh,
        Self::SignIn,
        Self::End,
        Self::DevicesPage,
        Self::LoginPage,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Healthz => "`GET /healthz`",
            Self::Me => "`GET /api/me`",
            Self::Sessions => "`GET /api/sessions`, ten",
            Self::Refresh => "`POST /auth/refresh`",
            Self::SignIn => "`POST /auth/login`",
            Self::End => "`POST /auth/sessions/revoke`",
            Self::DevicesPage => "`/devices` rendered, ten",
            Self::LoginPage => "`/login` rendered",
        }
    }

    /// Whether the floor does it too.
    pub(crate) const fn has_floor(self) -> bool {
        !matches!(self, Self::DevicesPage | Self::LoginPage)
    }

    /// The request of somebody who does this.
    fn request(self, person: &Person) -> Vec<u8> {
        let with_token = person.bearer();
        match self {
            Self::Healthz => request("GET", "/healthz", "", ""),
            Self::Me => request("GET", "/api/me", &with_token, ""),
            Self::Sessions => request("GET", "/api/sessions", &with_token, ""),
            Self::Refresh => request("POST", "/auth/refresh", &person.cookie(), ""),
            Self::SignIn => request("POST", "/auth/login", JSON, &credentials(&person.username)),
            Self::End => {
                let body = format!("{{\"sid\":\"{}\"}}", sid(&person.access_token));
                request("POST", "/auth/sessions/revoke", &(with_token + JSON), &body)
            }
            Self::DevicesPage => request("GET", "/devices", &(person.cookie() + "Accept: text/html\r\n"), ""),
            Self::LoginPage => request("GET", "/login", "Accept: text/html\r\n", ""),
        }
    }

    const fn status(self) -> u16 {
        match self {
            Self::End => 204,
            _ => 200,
        }
    }

    fn check(self, answer: &Answer<'_>) {
        let Answer { status, body, .. } = answer;
        assert!(*status == self.status(), "{self:?}: {status}: {}", String::from_utf8_lossy(body));
    }
}

/// The `sid` of an access token. Its signature is not the client's business.
fn sid(access_token: &str) -> String {
    claim(access_token, "sid").as_str().unwrap_or_default().to_owned()
}

/// The generation of a refresh token.
fn generation(refresh_token: &str) -> u64 {
    claim(refresh_token, "gen").as_u64().expect("a generation")
}

fn claim(token: &str, name: &str) -> serde_json::Value {
    let payload = token.split('.').nth(1).and_then(decode).unwrap_or_default();
    let claims: serde_json::Value = serde_json::from_slice(&payload).unwrap_or_default();
    claims[name].clone()
}

/// base64url without padding.
fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count) = (0u32, 0);
    for letter in text.bytes() {
        let six = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        (bits, count) = ((bits << 6) | u32::from(six), count + 6);
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    Some(bytes)
}

/// Does `work` on so many connections for so long, and measures it. A sign-in leaves sessions in `started`, and
/// ending takes them from there.
pub(crate) async fn turn(
    server: &Server,
    people: &mut People,
    work: Work,
    connections: usize,
    length: Duration,
    started: &mut Vec<Person>,
) -> Turn {
    let mut to_end = std::mem::take(started);
    let each = to_end.len().div_ceil(connections);
    let mut ready = Vec::new();
    for n in 0..connections {
        let connection = Connection::open(server.address).await.expect("a connection");
        let own = match work {
            Work::Sessions | Work::DevicesPage => vec![people.listed[n % people.listed.len()].clone()],
            _ => std::mem::take(&mut people.each[n]),
        };
        let queue = to_end.split_off(to_end.len().saturating_sub(each));
        ready.push((n, connection, Share { people: own, times: Vec::new(), started: queue }));
    }
    let mut shares = JoinSet::new();
    let (before, began) = (server.cpu(), Instant::now());
    for (n, connection, share) in ready {
        shares.spawn(async move { (n, share.act(work, connection, began + length).await) });
    }
    let mut times = Vec::new();
    while let Some(done) = shares.join_next().await {
        let (n, share) = done.expect("the work is done");
        if !matches!(work, Work::Sessions | Work::DevicesPage) {
            people.each[n] = share.people;
        }
        started.extend(share.started);
        times.extend(share.times);
    }
    let (took, cpu) = (began.elapsed(), server.cpu() - before);
    times.sort_unstable();
    let at = |percent: usize| times.get((times.len().max(1) - 1) * percent / 100).copied().unwrap_or_default();
    Turn { requests: times.len(), took, cpu, p50: at(50), p99: at(99) }
}

impl Share {
    async fn act(mut self, work: Work, mut connection: Connection, until: Instant) -> Self {
        let requests: Vec<Vec<u8>> = self.people.iter().map(|person| work.request(person)).collect();
        for turn in 0.. {
            if work != Work::End && Instant::now() >= until {
                break;
            }
            let now = turn % self.people.len();
            let ended = if work == Work::End { self.started.pop() } else { None };
            let fresh = match (work, ended) {
                (Work::End, Some(session)) => Some(work.request(&session)),
                (Work::End, None) => break,
                (Work::Refresh, _) => Some(work.request(&self.people[now])),
                _ => None,
            };
            let began = Instant::now();
            let answer = connection.send(fresh.as_deref().unwrap_or(&requests[now])).await.expect("an answer");
            self.times.push(began.elapsed());
            work.check(&answer);
            let person = &mut self.people[now];
            match work {
                Work::Refresh => {
                    let before = generation(&person.cookies[REFRESH]);
                    person.enter(&answer);
                    assert_eq!(generation(&person.cookies[REFRESH]), before + 1, "the token is rotated once");
                }
                Work::SignIn => {
                    let mut session = Person { username: person.username.clone(), ..Person::default() };
                    session.enter(&answer);
                    self.started.push(session);
                }
                _ => {}
            }
        }
        self
    }
}
