//! Limits how much of the log one source may fill (see [`LogBudget`]). The audit trail is exempt.

use super::AUDIT;
use crate::domain::log_budget::{LogBudget, WINDOW};
use crate::domain::network::Network;
use crate::server::system::monotonic;
use std::fmt::{Debug, Write as _};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

/// The name of the request span, whose field `ip` is the client's address.
const REQUEST: &str = "request";

/// The layer that drops lines beyond the budget.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    is_on: bool,
    window: Arc<Mutex<Window>>,
    left_out: Arc<AtomicU64>,
}

#[derive(Debug, Default)]
struct Window {
    budget: LogBudget,
    started: Duration,
}

/// The network that a request comes from.
struct LogOrigin(Option<Network>);

impl Budget {
    pub(super) fn new(is_on: bool) -> Self {
        Self { is_on, window: Arc::default(), left_out: Arc::default() }
    }

    /// The lines that were left out since the start.
    pub(super) fn left_out(&self) -> u64 {
        self.left_out.load(Ordering::Relaxed)
    }

    /// Logs how many lines were left out, if the window is over or `is_last`.
    pub(super) fn log_dropped(&self, is_last: bool) {
        let now = monotonic();
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_last && now.saturating_sub(window.started) < WINDOW {
            return;
        }
        window.started = now;
        let left_out = window.budget.end_window();
        drop(window);
        for left_out in left_out {
            let source = left_out.network.map_or_else(|| "others".to_owned(), |network| network.to_string());
            let (lines, kinds) = (left_out.lines, left_out.kinds);
            tracing::warn!(source, lines, kinds, "lines of one source were left out");
        }
    }
}

impl<S: Subscriber + for<'span> LookupSpan<'span>> Layer<S> for Budget {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if attributes.metadata().name() == REQUEST
            && let Some(span) = context.span(id)
        {
            let mut ip = LogText::of("ip");
            attributes.record(&mut ip);
            let address = ip.text.parse::<IpAddr>().ok();
            span.extensions_mut().insert(LogOrigin(address.map(Network::of)));
        }
    }

    fn event_enabled(&self, event: &Event<'_>, context: Context<'_, S>) -> bool {
        let metadata = event.metadata();
        if !self.is_on || *metadata.level() > Level::INFO || metadata.target() == AUDIT {
            return true;
        }
        let mut spans = context.event_scope(event).into_iter().flatten();
        let Some(network) = spans.find_map(|span| span.extensions().get::<LogOrigin>().map(|origin| origin.0)) else {
            return true;
        };
        let (mut code, mut message) = (LogText::of("code"), LogText::of("message"));
        event.record(&mut code);
        event.record(&mut message);
        let kind = if code.text.is_empty() { message.text } else { code.text };
        let is_admitted = self.window.lock().unwrap_or_else(PoisonError::into_inner).budget.admit(network, &kind);
        self.left_out.fetch_add(u64::from(!is_admitted), Ordering::Relaxed);
        is_admitted
    }
}

/// Reads one field as text.
struct LogText {
    name: &'static str,
    text: String,
}

impl LogText {
    const fn of(name: &'static str) -> Self {
        Self { name, text: String::new() }
    }
}

impl Visit for LogText {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == self.name {
            self.text.push_str(value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == self.name {
            let _ = write!(self.text, "{value:?}");
        }
    }
}
