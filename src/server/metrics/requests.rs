//! Requests by route, method and class of status. A route is its template, never the path of a request.

use super::distribution::{Distribution, FEW_SECONDS};
use crate::server::system::monotonic;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::{Registry, Unit};
use std::collections::HashMap;
use std::time::Duration;

/// The route of requests that no route takes.
const UNMATCHED: &str = "unmatched";
/// The method of requests with another method than the route's: HEAD, and those that are refused.
const OTHER: &str = "other";
/// The classes of status, from 2xx on.
const CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];

type Requests = Family<[(&'static str, String); 3], Counter>;
type Times = Family<[(&'static str, &'static str); 1], Distribution, fn() -> Distribution>;

/// Requests by route.
#[derive(Debug)]
pub struct RequestMetrics {
    routes: HashMap<&'static str, RouteMetrics>,
    unmatched: RouteMetrics,
}

#[derive(Debug)]
struct RouteMetrics {
    /// For each method of the route, and for [`OTHER`], a counter for each of [`CLASSES`].
    methods: Vec<(String, [Counter; CLASSES.len()])>,
    other: [Counter; CLASSES.len()],
    times: Distribution,
}

/// A request that is being answered.
#[derive(Debug)]
#[must_use]
pub struct RequestTimer<'a> {
    route: &'a RouteMetrics,
    classes: &'a [Counter; CLASSES.len()],
    began: Duration,
}

impl RequestMetrics {
    pub(super) fn registered(registry: &mut Registry, routes: &[(&'static str, String)]) -> Self {
        let (requests, times) = (Requests::default(), Times::new_with_constructor(|| Distribution::new(&FEW_SECONDS)));
        let mut known: HashMap<&'static str, RouteMetrics> = HashMap::new();
        for (path, method) in routes {
            let route = known.entry(path).or_insert_with(|| RouteMetrics::new(path, &requests, &times));
            route.methods.push((method.clone(), counters(path, method, &requests)));
        }
        let unmatched = RouteMetrics::new(UNMATCHED, &requests, &times);
        registry.register("http_requests", "Answered requests", requests);
        registry.register_with_unit("http_request", "Time until the head of an answer", Unit::Seconds, times);
        Self { routes: known, unmatched }
    }

    /// A request begins. `route` is the template of its route, if one takes it.
    pub fn begin(&self, route: Option<&str>, method: &str) -> RequestTimer<'_> {
        let route = route.and_then(|route| self.routes.get(route)).unwrap_or(&self.unmatched);
        let classes = route.methods.iter().find(|(own, _)| own == method).map_or(&route.other, |(_, classes)| classes);
        RequestTimer { route, classes, began: monotonic() }
    }
}

impl RouteMetrics {
    fn new(path: &'static str, requests: &Requests, times: &Times) -> Self {
        let times = times.get_or_create_owned(&[("route", path)]);
        Self { methods: Vec::new(), other: counters(path, OTHER, requests), times }
    }
}

impl RequestTimer<'_> {
    /// The request is answered with this status.
    pub fn answered(self, status: u16) {
        let class = usize::from(status / 100).saturating_sub(2);
        if let Some(counter) = self.classes.get(class) {
            counter.inc();
        }
        self.route.times.record(monotonic().saturating_sub(self.began));
    }
}

fn counters(path: &str, method: &str, requests: &Requests) -> [Counter; CLASSES.len()] {
    let text = ToOwned::to_owned;
    CLASSES.map(|class| {
        requests.get_or_create_owned(&[("route", text(path)), ("method", text(method)), ("status", text(class))])
    })
}
