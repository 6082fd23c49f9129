//! A virtual host of its own for each test.

use crate::{management, unique, variable};

/// A virtual host on the test broker; dropping it deletes it with all its queues.
pub struct TestBroker {
    name: String,
    amqp_url: String,
    management_url: String,
}

impl TestBroker {
    /// Makes an empty virtual host.
    ///
    /// # Panics
    /// When the broker refuses.
    pub async fn new() -> Self {
        let name = unique("test");
        let management_url = variable("TEST_RABBITMQ_MANAGEMENT_URL");
        let amqp_url = format!("{}/{name}", base(&variable("TEST_AMQP_URL")));
        let broker = Self { name, amqp_url, management_url };
        broker.call("PUT", format!("/api/vhosts/{}", broker.name), String::new()).await;
        broker
    }

    /// Where to connect, virtual host included.
    pub fn url(&self) -> &str {
        &self.amqp_url
    }

    /// Closes every connection to the virtual host, as an operator could.
    pub async fn close_connections(&self) {
        let listing = self.call("GET", format!("/api/vhosts/{}/connections", self.name), String::new()).await;
        for connection in names(&listing) {
            let path = format!("/api/connections/{}", percent_encoded(&connection));
            self.call("DELETE", path, String::new()).await;
        }
    }

    /// Deletes a queue, as an operator could.
    pub async fn delete_queue(&self, queue: &str) {
        self.call("DELETE", format!("/api/queues/{}/{queue}", self.name), String::new()).await;
    }

    async fn call(&self, method: &'static str, path: String, body: String) -> String {
        let url = self.management_url.clone();
        let told = path.clone();
        let (status, answer) = tokio::task::spawn_blocking(move || management::call(&url, method, &path, &body))
            .await
            .expect("the call does not panic");
        assert!((200..300).contains(&status) || status == 404, "{method} {told}: {status} {answer}");
        answer
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

/// The values of `"name":` in a JSON listing of connections: enough to avoid a parser.
fn names(listing: &str) -> Vec<String> {
    // Connection names look like "127.0.0.1:34866 -> 127.0.0.1:5672", and hold no quotes.
    listing
        .split("\"name\":\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|name| name.contains(" -> ") || name.contains(" -\\u003e "))
        .map(|name| name.replace("\\u003e", ">"))
        .collect()
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
