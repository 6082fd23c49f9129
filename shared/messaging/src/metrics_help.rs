//! The meaning of every metric of this crate, as `# HELP` in the text that Prometheus scrapes.

use metrics::Unit::{self, Count, Seconds};
use metrics::{describe_counter, describe_gauge, describe_histogram};

const COUNTERS: [(&str, &str); 13] = [
    ("messaging_consumer_failures_total", "Sessions of the consumer that ended with a failure."),
    ("messaging_dead_letters_total", "Incoming messages that were given up, by event type."),
    ("messaging_duplicates_total", "Repeated deliveries of events that were handled before."),
    ("messaging_handled_total", "Events that were handled, by event type."),
    ("messaging_hints_dropped_total", "Notifications for other replicas that were dropped because too many waited."),
    (
        "messaging_parked_total",
        "How many outgoing events were given up since the start, by event type; messaging_parked is how many wait now.",
    ),
    ("messaging_published_total", "Events that the broker has confirmed, by event type."),
    ("messaging_relay_failures_total", "Sessions of the relay that ended with a failure."),
    ("messaging_relay_wakes_total", "What made the relay read the outbox, by source."),
    ("messaging_republished_total", "Events that the broker has confirmed after a failed attempt."),
    ("messaging_retries_total", "Failed attempts to handle an event that are repeated, by event type and delay."),
    ("messaging_undelivered_total", "Attempts to publish that failed, by event type."),
    ("messaging_unrouted_total", "Events that may stay unrouted and reached no queue, by event type."),
];

const GAUGES: [(&str, Unit, &str); 11] = [
    ("messaging_breaker_open", Count, "The circuit breaker of the consumer: 1 open, 0.5 half open, 0 closed."),
    ("messaging_keys_held", Count, "Ordering keys whose events wait for an event that could not be delivered."),
    ("messaging_lanes_owned", Count, "Lanes of the outbox that this relay owns."),
    (
        "messaging_oldest_snapshot_age_seconds",
        Seconds,
        "Age of the oldest snapshot, which keeps vacuum from the outbox.",
    ),
    ("messaging_outbox_dead_tuples", Count, "Deleted rows of the outbox that vacuum has not removed yet."),
    ("messaging_outbox_oldest_age_seconds", Seconds, "Age of the oldest unsent event, by lane."),
    ("messaging_outbox_unsent", Count, "Events to be sent, by lane; counted to 10,000."),
    ("messaging_outbox_waiting", Count, "Events that can't be sent now, by lane; counted to 10,000."),
    (
        "messaging_parked",
        Count,
        "Outgoing events that wait for an operator now, because they were given up; messaging_parked_total counts all.",
    ),
    ("messaging_routes_closed", Count, "Routes that get no events until a trial succeeds."),
    ("messaging_scheduled", Count, "Events to be published at a later time; counted to 10,000."),
];

const HISTOGRAMS: [(&str, Unit, &str); 5] = [
    ("messaging_commit_to_confirm_duration_seconds", Seconds, "Time from appending an event to the broker's confirm."),
    (
        "messaging_commit_to_handled_duration_seconds",
        Seconds,
        "Time from appending an event to the end of its handling.",
    ),
    ("messaging_confirm_duration_seconds", Seconds, "Time from publishing an event to the broker's confirm."),
    ("messaging_handle_duration_seconds", Seconds, "Time in which events that arrived together were handled."),
    ("messaging_inbox_batch_size", Count, "Messages that were handled together."),
];

/// Describes the metrics to the recorder of the program. Descriptions are lost if it is installed later.
pub(crate) fn describe() {
    for (name, help) in COUNTERS {
        describe_counter!(name, Count, help);
    }
    for (name, unit, help) in GAUGES {
        describe_gauge!(name, unit, help);
    }
    for (name, unit, help) in HISTOGRAMS {
        describe_histogram!(name, unit, help);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_names_every_metric() {
        let readme = include_str!("../README.md");
        let names = COUNTERS.map(|(name, _)| name).into_iter();
        let names = names.chain(GAUGES.map(|(name, ..)| name)).chain(HISTOGRAMS.map(|(name, ..)| name));
        for name in names {
            assert!(readme.contains(&format!("`{name}")), "{name}");
        }
    }
}
