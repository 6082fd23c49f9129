//! The key of a service is replaced while requests run, in the documented steps: gateway/README.md.

use crate::keys::key;
use crate::stage::{gateway_before, service};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use testkit::{Client, Program, TestBroker, TestDatabase, eventually};

const CLIENTS: usize = 4;
/// Responses between two steps.
const BETWEEN: usize = 50;

/// The load balancer in front of the gateways, and the responses so far.
struct Load {
    gateway: Mutex<String>,
    answered: AtomicUsize,
    is_over: AtomicBool,
}

impl Load {
    async fn run(self: Arc<Self>) {
        while !self.is_over.load(Ordering::Relaxed) {
            let client = Client::new(&self.gateway.lock().unwrap().clone()).as_user(1);
            let answer = client.get("/orders/orders?limit=5").await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            self.answered.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Sends further requests to another gateway, and waits until many have been answered.
    async fn move_to(&self, gateway: &Program) {
        *self.gateway.lock().unwrap() = gateway.url();
        let until = self.answered.load(Ordering::Relaxed) + BETWEEN;
        eventually(true, async || self.answered.load(Ordering::Relaxed) >= until).await;
    }
}

async fn started(mut program: Program) -> Program {
    program.start_again();
    program.ready().await;
    program
}

#[tokio::test]
async fn replacing_the_key_of_a_service_under_load_loses_no_request() {
    let (database, broker) = (TestDatabase::migrated().await, TestBroker::new().await);
    broker.declare_exchange("payments").await;
    let (old, new) = (key("old"), key("new"));
    let orders = |keys: &str| started(service("orders", &database, &broker).with("GATEWAY_KEYS", keys));
    let gateway =
        |orders: &Program, key: &str| started(gateway_before(&[("ORDERS_URL", orders)]).with("ORDERS_KEY", key));

    let mut service = orders(&old).await;
    let mut front = gateway(&service, &old).await;
    let load = Arc::new(Load { gateway: Mutex::new(front.url()), answered: 0.into(), is_over: false.into() });
    let clients: Vec<_> = (0..CLIENTS).map(|_| tokio::spawn(Arc::clone(&load).run())).collect();
    load.move_to(&front).await;

    // 1. The service accepts both keys. 2. The gateway signs with the new one. 3. The service accepts only that one.
    for (accepted, signing) in [(format!("{new},{old}"), &old), (format!("{new},{old}"), &new), (new.clone(), &new)] {
        let next_service = orders(&accepted).await;
        let next_front = gateway(&next_service, signing).await;
        load.move_to(&next_front).await;
        assert!(front.stop().await && service.stop().await);
        (service, front) = (next_service, next_front);
    }
    load.is_over.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap();
    }
    // The old key is of no use any more.
    let late = gateway(&service, &old).await;
    assert_eq!(Client::new(&late.url()).as_user(1).get("/orders/orders").await.status, 401);
}
