//! How many of something each client has at the same time, so that one client can't take all of it.

use crate::networks::{Network, networks_of};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How much one client may have at the same time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientLimits {
    pub(crate) per_user: usize,
    /// Of one address, guests included; larger IPv6 networks may have a multiple of it: see
    /// [`networks_of`](crate::networks::networks_of).
    pub(crate) per_address: usize,
}

/// What the clients have; cheap to clone.
#[derive(Clone)]
pub(crate) struct Shares {
    /// `None`: nothing is counted.
    limits: Option<ClientLimits>,
    taken: Arc<Taken>,
}

/// What a client has taken, until it is dropped.
#[derive(Default)]
pub(crate) struct Share {
    of_user: Option<One>,
    of_networks: [Option<One>; 3],
}

/// Who has taken something. What a signed-in user takes counts for the user and for the networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Client {
    User(i64),
    Network(Network),
}

/// By client; a client that has nothing has no entry.
#[derive(Default)]
struct Taken(Mutex<HashMap<Client, usize>>);

struct One {
    taken: Arc<Taken>,
    client: Client,
}

impl Shares {
    /// Nothing is taken. Without limits, nothing is counted.
    pub(crate) fn new(limits: Option<ClientLimits>) -> Self {
        Self { limits, taken: Arc::default() }
    }

    /// One more for a user, or for a guest, at an address; `None` if one of them has its limit. Takes the same time
    /// however much is taken.
    pub(crate) fn take(&self, user: Option<i64>, address: IpAddr) -> Option<Share> {
        let Some(limits) = self.limits else { return Some(Share::default()) };
        let mut share = Share::default();
        if let Some(user) = user {
            share.of_user = Some(self.one(Client::User(user), limits.per_user)?);
        }
        for ((network, multiple), place) in networks_of(address).zip(&mut share.of_networks) {
            let max = limits.per_address.saturating_mul(multiple as usize);
            *place = Some(self.one(Client::Network(network), max)?);
        }
        Some(share)
    }

    fn one(&self, client: Client, max: usize) -> Option<One> {
        let mut taken = self.taken.lock();
        let count = taken.get(&client).copied().unwrap_or_default();
        if count >= max {
            return None;
        }
        taken.insert(client, count + 1);
        Some(One { taken: Arc::clone(&self.taken), client })
    }
}

impl Taken {
    fn lock(&self) -> MutexGuard<'_, HashMap<Client, usize>> {
        // After a panic while the lock was held, the counts are still valid.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for One {
    fn drop(&mut self) {
        if let Entry::Occupied(mut entry) = self.taken.lock().entry(self.client) {
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

    fn shares() -> Shares {
        Shares::new(Some(ClientLimits { per_user: 2, per_address: 3 }))
    }

    #[test]
    fn a_client_has_its_own_count_and_leaves_no_entry() {
        let (shares, address) = (shares(), IpAddr::from([10, 0, 0, 1]));
        let first = shares.take(Some(1), address).unwrap();
        let second = shares.take(Some(1), address).unwrap();
        assert!(shares.take(Some(1), address).is_none(), "the user has two");
        let third = shares.take(None, address).unwrap();
        assert!(shares.take(Some(2), address).is_none(), "the address has three");
        assert!(shares.take(Some(2), [10, 0, 0, 2].into()).is_some());
        drop(first);
        let fourth = shares.take(Some(1), address).unwrap();
        assert!(shares.take(Some(1), address).is_none());
        drop((second, third, fourth));
        assert!(shares.taken.lock().is_empty(), "also what a refused client had taken before it was refused");
    }

    #[test]
    fn an_organisation_with_65536_links_has_four_times_the_limit_of_one() {
        let shares = shares();
        let links = (0..100_u16).map(|link| IpAddr::from([0x2001, 0xdb8, 1, link, 0, 0, 0, 1]));
        let mut taken: Vec<Share> = vec![];
        for address in links.cycle().take(1000) {
            taken.extend(shares.take(None, address));
        }
        assert_eq!(taken.len(), 6, "one household");
        let links = (0..=255_u16).map(|household| IpAddr::from([0x2001, 0xdb8, 1, household << 8, 0, 0, 0, 1]));
        taken.extend(links.filter_map(|address| shares.take(None, address)));
        assert_eq!(taken.len(), 12, "and one organisation");
        assert!(shares.take(None, [0x2001, 0xdb8, 2, 0, 0, 0, 0, 1].into()).is_some());
    }

    #[test]
    fn without_limits_nothing_is_counted() {
        let shares = Shares::new(None);
        let all: Vec<Share> = (0..100).filter_map(|_| shares.take(Some(1), [10, 0, 0, 1].into())).collect();
        assert_eq!((all.len(), shares.taken.lock().len()), (100, 0));
    }
}
