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

/// Which rows of a window may be deleted, and why the others may not.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Indexes of rows that reached a queue.
    pub(crate) delivered: Vec<usize>,
    /// Indexes of rows that did not, with the reason.
    pub(crate) failed: Vec<(usize, String)>,
}

/// Settles a window: delivered is what was acknowledged and is not among the returned, **by its own id**.
///
/// A return without a readable id could be any of the window's, so then nothing of it counts as delivered.
pub(crate) fn settle(message_ids: &[Uuid], confirms: Vec<Confirmed>) -> Outcome {
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
    let mut outcome = Outcome::default();
    for (index, id) in message_ids.iter().enumerate() {
        let failure = if acked.get(index).copied().unwrap_or(false) {
            returned.get(id).or(anonymous.as_ref()).cloned()
        } else {
            Some("refused by the broker".to_owned())
        };
        match failure {
            Some(reason) => outcome.failed.push((index, reason)),
            None => outcome.delivered.push(index),
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
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
        let outcome = settle(&[id(1), id(2), id(3)], vec![ack(Some(2)), ack(None), ack(None)]);
        assert_eq!(outcome, Outcome { delivered: vec![0, 2], failed: vec![(1, "NO_ROUTE".into())] });
    }

    #[test]
    fn what_was_not_acknowledged_stays() {
        let refused = Confirmed { acked: false, returned: None };
        let outcome = settle(&[id(1), id(2)], vec![refused, ack(None)]);
        assert_eq!(outcome, Outcome { delivered: vec![1], failed: vec![(0, "refused by the broker".into())] });
    }

    #[test]
    fn a_return_without_an_id_leaves_the_whole_window_undelivered() {
        let anonymous = Returned { message_id: None, reason: "NO_ROUTE".into() };
        let confirms = vec![Confirmed { acked: true, returned: Some(anonymous) }, ack(None)];
        assert_eq!(settle(&[id(1), id(2)], confirms).delivered, Vec::<usize>::new());
    }
}
