//! How many tunnels each client has open, so that one client can't take them all.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Who has a tunnel open. A tunnel of a signed-in user counts for the user and for the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Client {
    User(i64),
    /// An address, or a whole IPv6 network.
    Network(IpAddr),
}

/// The open tunnels by client; a client without tunnels has no entry.
#[derive(Default)]
pub(super) struct Shares {
    open: Mutex<HashMap<Client, usize>>,
}

/// Counts one tunnel of a client for as long as it exists.
pub(super) struct Share {
    shares: Arc<Shares>,
    client: Client,
}

impl Shares {
    /// One more tunnel of `client`, unless it has `max` open. Takes the same time however many are open.
    pub(super) fn take(self: &Arc<Self>, client: Client, max: usize) -> Option<Share> {
        let mut open = self.lock();
        let count = open.get(&client).copied().unwrap_or_default();
        if count >= max {
            return None;
        }
        open.insert(client, count + 1);
        Some(Share { shares: Arc::clone(self), client })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Client, usize>> {
        // After a panic while the lock was held, the counts are still valid.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if let Entry::Occupied(mut entry) = self.shares.lock().entry(self.client) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_its_own_count_and_leaves_no_entry() {
        let shares = Arc::new(Shares::default());
        let (one, other) = (Client::User(1), Client::Network([10, 0, 0, 1].into()));
        let first = shares.take(one, 2).unwrap();
        let second = shares.take(one, 2).unwrap();
        assert!(shares.take(one, 2).is_none());
        assert!(shares.take(other, 2).is_some());
        drop(first);
        let third = shares.take(one, 2).unwrap();
        assert!(shares.take(one, 2).is_none());
        drop((second, third));
        assert!(shares.lock().is_empty());
    }
}
