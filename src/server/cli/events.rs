//! `latchkey events`: the security events of all users.

use super::output::print_all;
use super::{CommandError, find_user, installed};
use crate::domain::activity::Kind;
use crate::domain::id::UserId;
use crate::domain::time::Timestamp;
use crate::server::application::{Runtime, services};
use crate::server::config::{Settings, parse_duration};
use crate::server::ports::{EventSelection, UserEvent};
use crate::server::service::{Services, activity_event};
use clap::Args;
use clap::builder::PossibleValuesParser;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub(super) const EXAMPLES: &str = "Examples:\n  latchkey events --since 24h --kind sign_in_failed --kind reused\n  \
                                   latchkey events --follow --user ada";

/// How many events are read at once.
const PAGE: u32 = 500;
/// How often new events are asked for.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long an event may be committed after a later one was seen. PostgreSQL gives cursors out before the commit, and
/// ends a transaction that is idle for 10 s or runs a statement for longer.
const LATE: Duration = Duration::from_secs(30);

#[derive(Args, Debug)]
pub(super) struct EventsArguments {
    /// Goes on with new events, within two seconds after they happened, until it is stopped. Without `--since`, former
    /// events are left out.
    #[arg(long)]
    follow: bool,
    /// Only those of the user with this name or id.
    #[arg(long)]
    user: Option<String>,
    /// Only those of this kind; may be given several times.
    #[arg(long, value_parser = PossibleValuesParser::new(Kind::ALL.map(Kind::as_str)))]
    kind: Vec<String>,
    /// Only those since then: a time (2026-05-01T08:00:00Z) or how long ago (24h).
    #[arg(long, value_parser = since)]
    since: Option<Since>,
}

/// Where the events begin.
#[derive(Clone, Copy, Debug)]
enum Since {
    Ago(Duration),
    At(Timestamp),
}

fn since(text: &str) -> Result<Since, String> {
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Ok(Since::At(Timestamp::from_millis(time.as_millisecond())));
    }
    parse_duration(text).map(Since::Ago).map_err(|_| "write a time (2026-05-01T08:00:00Z) or how long ago (24h)".into())
}

/// An event as JSON: as in `/api/activity`, with its cursor and its user.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListedEvent {
    cursor: i64,
    user_id: UserId,
    username: String,
    #[serde(flatten)]
    event: crate::api::data::ActivityEvent,
}

impl From<UserEvent> for ListedEvent {
    fn from(UserEvent { user_id, username, event }: UserEvent) -> Self {
        Self { cursor: event.cursor, user_id, username: username.as_str().to_owned(), event: activity_event(event) }
    }
}

/// Runs the command.
pub(super) async fn run(arguments: EventsArguments, settings: Settings) -> Result<(), CommandError> {
    let settings = Arc::new(settings);
    let store = installed(&settings).await?;
    let services = services(store, settings, &Runtime::default()).await?;
    let user = match &arguments.user {
        Some(user) => Some(find_user(&services, user).await?.id),
        None => None,
    };
    let mut after = 0;
    let since = match arguments.since {
        Some(Since::At(time)) => time,
        Some(Since::Ago(ago)) => services.now() - ago,
        None => {
            if arguments.follow {
                after = services.store().newest_event().await?;
            }
            Timestamp::from_millis(0)
        }
    };
    let kinds = arguments.kind.iter().filter_map(|kind| Kind::from_text(kind)).collect();
    let selection = EventSelection { after, since, user, kinds, limit: PAGE };
    let mut reader = Reader { selection, printed: BTreeMap::new() };
    loop {
        reader.print_new(&services).await?;
        if !arguments.follow {
            return Ok(());
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// Prints each event once, also one that is committed after a later one.
struct Reader {
    selection: EventSelection,
    /// The events after the selection's start that were printed, and when.
    printed: BTreeMap<i64, Timestamp>,
}

impl Reader {
    async fn print_new(&mut self, services: &Services) -> Result<(), CommandError> {
        let now = services.now();
        let mut page = self.selection.clone();
        loop {
            let events = services.store().events(&page).await?;
            let is_last = events.len() < PAGE as usize;
            page.after = events.last().map_or(page.after, |last| last.event.cursor);
            let new: Vec<ListedEvent> = events
                .into_iter()
                .filter(|event| self.printed.insert(event.event.cursor, now).is_none())
                .map(ListedEvent::from)
                .collect();
            print_all(&new, true, |_| Vec::new())?;
            if is_last {
                break;
            }
        }
        self.settle(now);
        Ok(())
    }

    /// Begins behind those events before which no other one can appear any more.
    fn settle(&mut self, now: Timestamp) {
        while let Some(first) = self.printed.first_entry()
            && now.since(*first.get()) > LATE
        {
            self.selection.after = *first.key();
            first.remove();
        }
    }
}
