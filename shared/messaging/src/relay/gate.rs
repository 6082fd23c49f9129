//! Which rows may be sent now: the circuit breakers of routes, and the held keys. No I/O; covers only this relay's
//! lanes.

use super::options::RelayOptions;
use super::row::{Route, Row};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Number of failures of a route without a delivery in between after which its rows wait and are not tried.
const CLOSE_AFTER: u32 = 16;

/// How long late confirms may keep arriving after the first of them, before their route is tried again.
const LATE_CONFIRMS_LAST: Duration = Duration::from_secs(1);

/// Why a row was not delivered, or is not tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    pub(crate) reason: String,
    /// The broker does not accept it now, and will later: this is not a failed attempt, and never parks the event.
    pub(crate) pressure: bool,
    /// The broker has the message, and may still confirm it.
    pub(crate) unconfirmed: bool,
}

impl Complaint {
    pub(crate) fn failure(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), pressure: false, unconfirmed: false }
    }

    pub(crate) fn pressure(reason: impl Into<String>) -> Self {
        Self { pressure: true, ..Self::failure(reason) }
    }

    pub(crate) fn unconfirmed(reason: impl Into<String>) -> Self {
        Self { unconfirmed: true, ..Self::failure(reason) }
    }
}

/// Whether a row may be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It may be published.
    Go,
    /// Its route is closed, for this reason.
    Closed(Complaint),
    /// An earlier event of its key could not be delivered.
    Held,
}

/// A route that failed since its last delivery.
#[derive(Debug)]
struct Trouble {
    failures: u32,
    complaint: Complaint,
    /// Set while the route is closed.
    closed: Option<Closed>,
}

#[derive(Debug)]
struct Closed {
    probes: u32,
    /// When it is tried again; `None` while a trial is in flight.
    probe_at: Option<Instant>,
}

/// The state of all routes and keys. Empty for a healthy relay.
#[derive(Debug)]
pub(crate) struct Gate {
    options: RelayOptions,
    routes: HashMap<Arc<Route>, Trouble>,
    /// Routes that work again, and when to take their waiting rows.
    reopened: Vec<(Arc<Route>, Instant)>,
    /// By lane and key, the event that could not be delivered.
    held: HashMap<i16, HashMap<String, Uuid>>,
}

impl Gate {
    pub(crate) fn new(options: RelayOptions) -> Self {
        Self { options, routes: HashMap::new(), reopened: vec![], held: HashMap::new() }
    }

    pub(crate) fn admit(&self, row: &Row) -> Admission {
        if self.is_held(row) {
            return Admission::Held;
        }
        if row.probe || self.routes.is_empty() {
            return Admission::Go;
        }
        match self.routes.get(&row.route) {
            Some(Trouble { closed: Some(_), complaint, .. }) => Admission::Closed(complaint.clone()),
            Some(Trouble { closed: None, .. }) | None => Admission::Go,
        }
    }

    /// Whether another event of the row's key could not be delivered and holds the key.
    pub(crate) fn is_held(&self, row: &Row) -> bool {
        self.held
            .get(&row.home())
            .and_then(|keys| keys.get(&row.ordering_key))
            .is_some_and(|holder| *holder != row.event_id)
    }

    /// Records a delivery. Returns whether it opened the route.
    ///
    /// If a route was closed because the broker refused messages, a delivery of a row that was already in flight means
    /// nothing: only a trial opens such a route.
    pub(crate) fn delivered(&mut self, row: &Row) -> bool {
        if self.routes.is_empty() {
            return false;
        }
        let is_full = |trouble: &Trouble| trouble.closed.is_some() && trouble.complaint.pressure;
        if !row.probe && self.routes.get(&row.route).is_some_and(is_full) {
            return false;
        }
        let Some(trouble) = self.routes.remove(&row.route).filter(|trouble| trouble.closed.is_some()) else {
            return false;
        };
        // Rows that wait for the route may be confirmed at any moment; sending them now would repeat them.
        let pause = if trouble.complaint.unconfirmed { LATE_CONFIRMS_LAST } else { Duration::ZERO };
        self.reopened.push((Arc::clone(&row.route), Instant::now() + pause));
        true
    }

    /// Records a failure. Returns whether it closed the route; with `at_once` one failure is enough.
    pub(crate) fn failed(&mut self, row: &Row, complaint: &Complaint, at_once: bool, now: Instant) -> bool {
        let trouble = self.trouble(&row.route, complaint);
        trouble.failures = trouble.failures.saturating_add(1);
        let failures = trouble.failures;
        let probes = trouble.closed.as_ref().map_or(0, |closed| closed.probes);
        let pause = self.options.probe_pause(probes);
        match self.routes.get_mut(&row.route).and_then(|trouble| trouble.closed.as_mut()) {
            Some(closed) if row.probe => {
                closed.probe_at = Some(now + pause);
                closed.probes = closed.probes.saturating_add(1);
                false
            }
            None if at_once || failures >= CLOSE_AFTER => {
                self.close_until(&row.route, now + pause);
                true
            }
            Some(_) | None => false,
        }
    }

    /// Closes the route. The messages already sent decide when it opens, or else a trial at `probe_at`.
    pub(crate) fn close(&mut self, route: &Arc<Route>, complaint: &Complaint, probe_at: Instant) {
        if self.trouble(route, complaint).closed.is_none() {
            self.close_until(route, probe_at);
        }
    }

    fn trouble(&mut self, route: &Arc<Route>, complaint: &Complaint) -> &mut Trouble {
        let unknown = || Trouble { failures: 0, complaint: complaint.clone(), closed: None };
        let trouble = self.routes.entry(Arc::clone(route)).or_insert_with(unknown);
        trouble.complaint.clone_from(complaint);
        trouble
    }

    fn close_until(&mut self, route: &Arc<Route>, probe_at: Instant) {
        if let Some(trouble) = self.routes.get_mut(route) {
            trouble.closed = Some(Closed { probes: 1, probe_at: Some(probe_at) });
        }
        self.reopened.retain(|(reopened, _)| reopened != route);
    }

    /// Rows of this route wait, for a reason that this relay does not know: one is tried first.
    pub(crate) fn suspect(&mut self, route: Arc<Route>, now: Instant) {
        let closed = Some(Closed { probes: 0, probe_at: Some(now) });
        let complaint = Complaint::failure("not tried yet");
        self.routes.entry(route).or_insert(Trouble { failures: 0, complaint, closed });
    }

    /// Closed routes that are due for a trial. Each is returned once, until its row has failed or was delivered.
    pub(crate) fn probes_due(&mut self, now: Instant) -> Vec<Arc<Route>> {
        let mut due = vec![];
        for (route, trouble) in &mut self.routes {
            if let Some(closed) = &mut trouble.closed
                && closed.probe_at.is_some_and(|at| at <= now)
            {
                closed.probe_at = None;
                due.push(Arc::clone(route));
            }
        }
        due
    }

    /// The trial row was not sent: schedule another trial.
    pub(crate) fn probe_again(&mut self, row: &Row, now: Instant) {
        if let Some(closed) = self.routes.get_mut(&row.route).and_then(|trouble| trouble.closed.as_mut()) {
            closed.probe_at = Some(now);
        }
    }

    /// The broker confirms messages after their timeout: try the route once these confirms are settled. Opening it at
    /// once would send rows again that are about to be confirmed.
    pub(crate) fn confirmed_late(&mut self, route: &Arc<Route>, now: Instant) {
        if let Some(closed) = self.routes.get_mut(route).and_then(|trouble| trouble.closed.as_mut()) {
            closed.probe_at = closed.probe_at.map(|at| at.min(now + LATE_CONFIRMS_LAST));
        }
    }

    /// No row waits for the route any more: the next row is tried.
    pub(crate) fn forget(&mut self, route: &Arc<Route>) {
        self.routes.remove(route);
        self.reopened.retain(|(reopened, _)| reopened != route);
    }

    /// A row waits because its route was closed. If the route works by now, the row is taken with the others.
    pub(crate) fn postponed(&mut self, route: &Arc<Route>) {
        let closed = self.routes.get(route).is_some_and(|trouble| trouble.closed.is_some());
        if !closed && !self.reopened.iter().any(|(reopened, _)| reopened == route) {
            self.reopened.push((Arc::clone(route), Instant::now()));
        }
    }

    /// No row waits any more for a route that works again.
    pub(crate) fn all_taken(&mut self, route: &Arc<Route>) {
        self.reopened.retain(|(reopened, _)| reopened != route);
    }

    pub(crate) fn reopened(&self, now: Instant) -> Vec<Arc<Route>> {
        self.reopened.iter().filter(|(_, at)| *at <= now).map(|(route, _)| Arc::clone(route)).collect()
    }

    /// When the next closed route is due for a trial, or the rows of a reopened one are due.
    pub(crate) fn next_probe(&self, now: Instant) -> Option<Instant> {
        let probes = self.routes.values().filter_map(|trouble| trouble.closed.as_ref()?.probe_at);
        // Those already due wait for room, not for the clock.
        let later = self.reopened.iter().map(|(_, at)| *at).filter(|at| *at > now);
        probes.chain(later).min()
    }

    pub(crate) fn closed_routes(&self) -> usize {
        self.routes.values().filter(|trouble| trouble.closed.is_some()).count()
    }

    /// From now on later events of the key wait for `holder`.
    pub(crate) fn hold(&mut self, lane: i16, key: &str, holder: Uuid) {
        self.held.entry(lane).or_default().entry(key.to_owned()).or_insert(holder);
    }

    /// Events of the key may be sent again.
    pub(crate) fn release(&mut self, lane: i16, key: &str) {
        if let Some(keys) = self.held.get_mut(&lane) {
            keys.remove(key);
        }
    }

    /// The lane belongs to another relay now.
    pub(crate) fn forget_lane(&mut self, lane: i16) {
        self.held.remove(&lane);
    }

    /// Whether the row holds its key.
    pub(crate) fn is_holder(&self, row: &Row) -> bool {
        self.held.get(&row.home()).and_then(|keys| keys.get(&row.ordering_key)) == Some(&row.event_id)
    }

    pub(crate) fn keys_held(&self) -> usize {
        self.held.values().map(HashMap::len).sum()
    }
}
