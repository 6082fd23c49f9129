//! A separate virtual host for each test.

use crate::{management, unique, variable};
use contracts::envelope::{Envelope, SPEC_VERSION};
use contracts::event::{Event, producer};
use contracts::ids::EventId;
use serde_json::{Value, json};

/// A virtual host on the test broker; dropping it deletes it with all its queues.
pub struct TestBroker {
    name: String,
    amqp_url: String,
    management_url: String,
}

impl TestBroker {
    /// Creates an empty virtual host.
    ///
    /// # Panics
    /// When the broker rejects the request.
    pub async fn new() -> Self {
        let name = unique("test");
        let management_url = variable("TEST_RABBITMQ_MANAGEMENT_URL");
        let amqp_url = format!("{}/{name}", base(&variable("TEST_AMQP_URL")));
        let broker = Self { name, amqp_url, management_url };
        broker.call("PUT", format!("/api/vhosts/{}", broker.name), String::new()).await;
        broker
    }

    /// The URL, with the virtual host.
    pub fn url(&self) -> &str {
        &self.amqp_url
    }

    /// Closes every connection to the virtual host, as an operator could; returns their number.
    ///
    /// The broker lists a connection some seconds after it was opened.
    pub async fn close_connections(&self) -> usize {
        let listing = self.call("GET", format!("/api/vhosts/{}/connections", self.name), String::new()).await;
        let connections = names(&listing);
        for connection in &connections {
            let path = format!("/api/connections/{}", percent_encoded(connection));
            self.call("DELETE", path, String::new()).await;
        }
        connections.len()
    }

    /// Declares a durable queue with these arguments, as an operator could.
    pub async fn declare_queue(&self, queue: &str, arguments: Value) {
        let body = json!({ "durable": true, "arguments": arguments }).to_string();
        self.call("PUT", format!("/api/queues/{}/{queue}", self.name), body).await;
    }

    /// The definitions of the virtual host, as exported by the broker.
    pub async fn definitions(&self) -> Value {
        let exported = self.call("GET", format!("/api/definitions/{}", self.name), String::new()).await;
        serde_json::from_str(&exported).unwrap_or_default()
    }

    /// The name of the virtual host.
    pub fn virtual_host(&self) -> &str {
        &self.name
    }

    /// Deletes a queue, as an operator could.
    pub async fn delete_queue(&self, queue: &str) {
        self.call("DELETE", format!("/api/queues/{}/{queue}", self.name), String::new()).await;
    }

    /// Publishes a text, as any client with permission could.
    pub async fn publish(&self, exchange: &str, routing_key: &str, payload: &str) {
        let body = json!({
            "properties": { "delivery_mode": 2 }, "routing_key": routing_key,
            "payload": payload, "payload_encoding": "string",
        });
        self.call("POST", format!("/api/exchanges/{}/{exchange}/publish", self.name), body.to_string()).await;
    }

    /// Publishes an event in its envelope, as its producer would; returns the event's id.
    pub async fn announce<E: Event>(&self, event: &E) -> EventId {
        let id = EventId(uuid::Uuid::now_v7());
        self.announce_as(id, event).await;
        id
    }

    /// Publishes an event with the given id: using the same id twice is a repeated delivery.
    ///
    /// # Panics
    /// When the broker rejects the request.
    pub async fn announce_as<E: Event>(&self, id: EventId, event: &E) {
        let exchange = producer(E::TYPE);
        let envelope = Envelope {
            specversion: SPEC_VERSION.to_owned(),
            id,
            source: format!("/{exchange}"),
            wire_type: E::TYPE.to_owned(),
            subject: event.ordering_key(),
            time: time::OffsetDateTime::now_utc(),
            datacontenttype: "application/json".to_owned(),
            sequence: "1".to_owned(),
            partitionkey: event.ordering_key(),
            correlationid: id,
            causationid: None,
            traceparent: None,
            data: event,
        };
        let payload = serde_json::to_string(&envelope).expect("an event is serialisable");
        self.publish(exchange, E::TYPE, &payload).await;
    }

    /// Declares the exchange of a service that is not running, so that others can bind to it.
    pub async fn declare_exchange(&self, exchange: &str) {
        let topic = json!({ "type": "topic", "durable": true }).to_string();
        self.call("PUT", format!("/api/exchanges/{}/{exchange}", self.name), topic).await;
    }

    /// Declares a topic exchange, and a queue `captured.<exchange>` bound to all its events.
    pub async fn capture_events(&self, exchange: &str) {
        self.declare_exchange(exchange).await;
        let (vhost, queue) = (&self.name, format!("captured.{exchange}"));
        let durable = json!({ "durable": true }).to_string();
        self.call("PUT", format!("/api/queues/{vhost}/{queue}"), durable).await;
        let all = json!({ "routing_key": "#" }).to_string();
        self.call("POST", format!("/api/bindings/{vhost}/e/{exchange}/q/{queue}"), all).await;
    }

    /// The events published to `exchange` since [`TestBroker::capture_events`], oldest first. They stay in the queue.
    pub async fn captured_events(&self, exchange: &str) -> Vec<Value> {
        self.bodies(&format!("captured.{exchange}")).await
    }

    /// The JSON bodies in a queue, oldest first. They stay in the queue.
    pub async fn bodies(&self, queue: &str) -> Vec<Value> {
        let path = format!("/api/queues/{}/{queue}/get", self.name);
        let body = json!({ "count": 10_000, "ackmode": "ack_requeue_true", "encoding": "auto" });
        let listing = self.call("POST", path, body.to_string()).await;
        let messages: Vec<Value> = serde_json::from_str(&listing).unwrap_or_default();
        messages
            .iter()
            .map(|message| serde_json::from_str(message["payload"].as_str().unwrap_or_default()).unwrap_or(Value::Null))
            .collect()
    }

    /// The number of messages in a queue; 0 if there is no such queue.
    ///
    /// They are counted by reading them, because the queue's statistics are some seconds late.
    pub async fn messages(&self, queue: &str) -> usize {
        self.bodies(queue).await.len()
    }

    /// The number of ready and unacknowledged messages in a queue, from the broker's statistics, which are some seconds
    /// late.
    ///
    /// Unlike [`TestBroker::messages`] it does not change the delivery counts, so it may be called repeatedly.
    pub async fn depth(&self, queue: &str) -> Option<u64> {
        let listing = self.call("GET", format!("/api/queues/{}/{queue}", self.name), String::new()).await;
        serde_json::from_str::<Value>(&listing).ok()?["messages"].as_u64()
    }

    /// Creates a user with these three permission patterns in this virtual host.
    pub async fn user(&self, configure: &str, write: &str, read: &str) -> BrokerUser {
        let name = unique("user");
        let made = json!({ "password": name, "tags": "management" }).to_string();
        self.call("PUT", format!("/api/users/{name}"), made).await;
        let allowed = json!({ "configure": configure, "write": write, "read": read }).to_string();
        self.call("PUT", format!("/api/permissions/{}/{name}", self.name), allowed).await;
        BrokerUser { name, vhost: self.name.clone(), management_url: self.management_url.clone() }
    }

    async fn call(&self, method: &'static str, path: String, body: String) -> String {
        let url = self.management_url.clone();
        let shown_path = path.clone();
        let (status, answer) = tokio::task::spawn_blocking(move || management::call(&url, method, &path, &body))
            .await
            .expect("the call does not panic");
        assert!((200..300).contains(&status) || status == 404, "{method} {shown_path}: {status} {answer}");
        answer
    }
}

/// A user of the test broker with limited permissions; dropping it deletes it.
pub struct BrokerUser {
    name: String,
    vhost: String,
    management_url: String,
}

impl BrokerUser {
    /// The user's name, which is its password, too.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Sends a request to the management API, which checks the same permissions as AMQP; returns whether it was
    /// allowed.
    ///
    /// `{vhost}` in the path is replaced with the virtual host.
    ///
    /// # Panics
    /// When the broker can't be reached, or the request is invalid.
    pub async fn may(&self, method: &'static str, path: &str, body: Value) -> bool {
        let (user, url) = (format!("{0}:{0}", self.name), self.management_url.clone());
        let path = path.replace("{vhost}", &self.vhost);
        let shown_path = path.clone();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (status, answer) =
            tokio::task::spawn_blocking(move || management::call_as(&user, &url, method, &path, &body))
                .await
                .expect("the call does not panic");
        let is_refused = answer.contains("not_authorised") || answer.contains("ACCESS_REFUSED");
        assert!((200..300).contains(&status) || is_refused, "{method} {shown_path}: {status} {answer}");
        !is_refused
    }
}

impl Drop for BrokerUser {
    fn drop(&mut self) {
        management::call(&self.management_url, "DELETE", &format!("/api/users/{}", self.name), "");
    }
}

impl Drop for TestBroker {
    fn drop(&mut self) {
        management::call(&self.management_url, "DELETE", &format!("/api/vhosts/{}", self.name), "");
    }
}

/// `amqp://user:password@host:port` without the virtual host.
fn base(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    url[start..].find('/').map_or(url, |at| &url[..start + at])
}

/// The names in a JSON listing of connections.
fn names(listing: &str) -> Vec<String> {
    let connections: Vec<Value> = serde_json::from_str(listing).unwrap_or_default();
    connections.iter().filter_map(|connection| connection["name"].as_str().map(str::to_owned)).collect()
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
