//! Formats a line of the log as JSON: the event's fields, and in `span` the fields of its request. A field that has the
//! same value in both is written once.

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer as _};
use serde_json::{Map, Value};
use std::fmt::{self, Debug, Write as _};
use tracing::field::{Field, Visit};
use tracing::span::Record;
use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::{LookupSpan, Scope};

/// Formats the fields of a span as members of a JSON object, without its braces. The fields that come later (`user`,
/// `sid`) are put at the end: `tracing_subscriber`'s own formatter reads and writes all of them anew each time.
#[derive(Clone, Copy, Debug)]
pub(super) struct JsonMembers;

impl<'writer> FormatFields<'writer> for JsonMembers {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut members = Members { text: String::with_capacity(192) };
        fields.record(&mut members);
        writer.write_str(&members.text)
    }

    fn add_fields(&self, current: &'writer mut FormattedFields<Self>, fields: &Record<'_>) -> fmt::Result {
        let mut members = Members { text: std::mem::take(&mut current.fields) };
        fields.record(&mut members);
        current.fields = members.text;
        Ok(())
    }
}

struct Members {
    text: String,
}

impl Members {
    fn add(&mut self, field: &Field, value: impl Serialize) {
        if let (Ok(name), Ok(value)) = (serde_json::to_string(plain(field)), serde_json::to_string(&value)) {
            let comma = if self.text.is_empty() { "" } else { "," };
            // Writing to a string does not fail.
            let _ = write!(self.text, "{comma}{name}:{value}");
        }
    }
}

impl Visit for Members {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add(field, text_of(value));
    }
}

/// A field's name; one that is a word of Rust is written `r#type`.
fn plain(field: &Field) -> &'static str {
    field.name().trim_start_matches("r#")
}

fn text_of(value: &dyn Debug) -> String {
    let mut text = String::new();
    // If formatting a value fails, the part so far is logged.
    let _ = write!(text, "{value:?}");
    text
}

/// Formats events as JSON. Requires [`JsonMembers`] as formatter of span fields.
#[derive(Clone, Copy, Debug)]
pub(super) struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut timestamp = String::new();
        SystemTime.format_time(&mut Writer::new(&mut timestamp))?;
        let span = span_fields(context);
        let mut fields = LogFields::default();
        event.record(&mut fields);
        let target = fields.log_target.as_deref().unwrap_or(event.metadata().target());
        let level = event.metadata().level().as_str();
        let mut line = Vec::with_capacity(384);
        let written = (|| {
            let mut serializer = serde_json::Serializer::new(&mut line);
            let mut map = serializer.serialize_map(None)?;
            map.serialize_entry("timestamp", &timestamp)?;
            map.serialize_entry("level", level)?;
            for (name, value) in fields.own.iter().filter(|(name, value)| span.get(*name) != Some(value)) {
                map.serialize_entry(name, value)?;
            }
            map.serialize_entry("target", target)?;
            if !span.is_empty() {
                map.serialize_entry("span", &span)?;
            }
            map.end()
        })();
        written.map_err(|_: serde_json::Error| fmt::Error)?;
        writer.write_str(std::str::from_utf8(&line).map_err(|_| fmt::Error)?)?;
        writer.write_char('\n')
    }
}

/// The fields of the spans around the event. If several have a name, the innermost counts.
fn span_fields<S, N>(context: &FmtContext<'_, S, N>) -> Map<String, Value>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    let mut all = Map::new();
    for span in context.event_scope().into_iter().flat_map(Scope::from_root) {
        let extensions = span.extensions();
        if let Some(fields) = extensions.get::<FormattedFields<N>>()
            && let Ok(mut fields) = serde_json::from_str::<Map<String, Value>>(&format!("{{{fields}}}"))
        {
            all.append(&mut fields);
        }
    }
    all
}

/// The fields of an event, in their order.
#[derive(Default)]
struct LogFields {
    own: Vec<(&'static str, Value)>,
    /// The target of an event from the `log` crate.
    log_target: Option<String>,
}

impl LogFields {
    fn add(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("log.target", Value::String(target)) => self.log_target = Some(target),
            (name, _) if name.starts_with("log.") => {}
            (_, value) => self.own.push((plain(field), value)),
        }
    }
}

impl Visit for LogFields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add(field, text_of(value).into());
    }
}
