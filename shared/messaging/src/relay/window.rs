//! What became of the messages of one window: pure bookkeeping over confirms and returns.

use std::collections::HashMap;
use uuid::Uuid;

/// A confirm of one message, as the client library reports it.
#[derive(Debug)]
pub(crate) struct Confirmed {
    /// Whether the broker took responsibility.
    pub(crate) acked: bool,
    /// A message that came back, **not necessarily this one**: lapin attaches returns to confirms in the order of
    /// arrival, and with pipelining that can be a neighbour's.
    pub(crate) returned: Option<Returned>,
}

/// A message that no queue wanted.
#[derive(Debug)]
pub(crate) struct Returned {
    /// The returned message's own id.
    pub(crate) message_id: Option<Uuid>,
    /// The broker's words: `NO_ROUTE`.
    pub(crate) reason: String,
}

/// What became of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It reached a queue.
    Delivered,
    /// The broker took it, and no queue wanted it.
    Returned(String),
    /// The broker did not take it.
    Refused(String),
    /// The broker closed the channel over it, or would: its route is not tried with others.
    Barred(String),
}

/// Settles a window: delivered is what was acknowledged and is not among the returned, **by its own id**.
///
/// A return without a readable id could be any of the window's, so then nothing of it counts as delivered.
pub(crate) fn settle(message_ids: &[Uuid], confirms: Vec<Confirmed>) -> Vec<Verdict> {
    let mut returned: HashMap<Uuid, String> = HashMap::new();
    let mut anonymous = None;
    let mut acked = Vec::with_capacity(confirms.len());
    for confirm in confirms {
        acked.push(confirm.acked);
        match confirm.returned {
            Some(Returned { message_id: Some(id), reason }) => drop(returned.insert(id, reason)),
            Some(Returned { message_id: None, reason }) => anonymous = Some(reason),
            None => {}
        }
    }
    let verdict = |(index, id): (usize, &Uuid)| {
        if !acked.get(index).copied().unwrap_or(false) {
            return Verdict::Refused("refused by the broker".to_owned());
        }
        match returned.get(id).or(anonymous.as_ref()) {
            Some(reason) => Verdict::Returned(reason.clone()),
            None => Verdict::Delivered,
        }
    };
    message_ids.iter().enumerate().map(verdict).collect()
}

#[cfg(test)]
mod tests {
    use super::Verdict::{Delivered, Refused};
    use super::*;

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn ack(returned: Option<u128>) -> Confirmed {
        let returned = returned.map(|n| Returned { message_id: Some(id(n)), reason: "NO_ROUTE".into() });
        Confirmed { acked: true, returned }
    }

    #[test]
    fn a_return_counts_for_the_message_it_names_not_for_the_confirm_that_carries_it() {
        // The return of message 2 came attached to the confirm of message 1.
        let verdicts = settle(&[id(1), id(2), id(3)], vec![ack(Some(2)), ack(None), ack(None)]);
        assert_eq!(verdicts, [Delivered, Verdict::Returned("NO_ROUTE".into()), Delivered]);
    }

    #[test]
    fn what_was_not_acknowledged_stays() {
        let refused = Confirmed { acked: false, returned: None };
        let verdicts = settle(&[id(1), id(2)], vec![refused, ack(None)]);
        assert_eq!(verdicts, [Refused("refused by the broker".into()), Delivered]);
    }

    #[test]
    fn a_return_without_an_id_leaves_the_whole_window_undelivered() {
        let anonymous = Returned { message_id: None, reason: "NO_ROUTE".into() };
        let confirms = vec![Confirmed { acked: true, returned: Some(anonymous) }, ack(None)];
        assert!(settle(&[id(1), id(2)], confirms).iter().all(|verdict| *verdict != Delivered));
    }
}
