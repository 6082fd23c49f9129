//! A separate virtual host for each test, created and deleted over RabbitMQ's management interface.

use crate::database::{locked, server};
use crate::servers::{Servers, unique_name};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lapin::uri::AMQPUri;
use sqlx::Connection;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::str::FromStr;
use std::time::Duration;

/// Timeout of a request.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A virtual host on the test broker.
pub(crate) struct VirtualHost {
    name: String,
    amqp_url: String,
    management: Management,
}

impl VirtualHost {
    /// Creates an empty virtual host with tracing enabled.
    pub(crate) async fn create(servers: &Servers) -> Self {
        let name = unique_name();
        let user = AMQPUri::from_str(&servers.broker).expect("TEST_AMQP_URL is a URL").authority.userinfo;
        let credentials = STANDARD.encode(format!("{}:{}", user.username, user.password));
        let management = Management { url: servers.management.clone(), credentials };
        let amqp_url = format!("{}/{name}", without_path(&servers.broker));
        let path = format!("/api/vhosts/{name}");
        management.put(&path, "{}").await;
        // RabbitMQ keeps one list of traced virtual hosts, and reads and writes it without a lock: if two are added at
        // the same moment, one gets lost. Source: `rabbit_trace:update_config`, RabbitMQ 3.10.
        let alone = locked(&server(&servers.database), "messaging_testing tracing").await;
        management.put(&path, r#"{"tracing":true}"#).await;
        // The lock is released even if the server does not see the end of the session.
        let _ = alone.close().await;
        Self { name, amqp_url, management }
    }

    /// The URL, including the virtual host.
    pub(crate) fn url(&self) -> &str {
        &self.amqp_url
    }

    /// Deletes the virtual host, which takes RabbitMQ about a second.
    pub(crate) fn deletion(&self) -> impl FnOnce() + Send + use<> {
        let (management, path) = (self.management.clone(), format!("/api/vhosts/{}", self.name));
        move || {
            // A failed test reports its own error; a left-over virtual host does not matter then.
            let _ = management.call("DELETE", &path, "");
        }
    }
}

#[derive(Clone)]
struct Management {
    url: String,
    /// Credentials of the AMQP user, in base64.
    credentials: String,
}

impl Management {
    /// Creates or changes a virtual host.
    async fn put(&self, path: &str, body: &'static str) {
        let (path, caller) = (path.to_owned(), self.clone());
        tokio::task::spawn_blocking(move || caller.call("PUT", &path, body))
            .await
            .expect("the call does not panic")
            .unwrap_or_else(|failure| panic!("make a virtual host for a test: {failure}"));
    }

    /// Sends one request over plain HTTP; returns an error unless the response is a success.
    fn call(&self, method: &str, path: &str, body: &str) -> Result<(), String> {
        let authority = self.url.trim_start_matches("http://").trim_end_matches('/');
        let (address, length, credentials) = (last_of(authority, '@'), body.len(), &self.credentials);
        let asked = || -> std::io::Result<String> {
            let mut stream = TcpStream::connect(address)?;
            stream.set_read_timeout(Some(TIMEOUT))?;
            write!(
                stream,
                "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Basic {credentials}\r\n\
                 Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            )?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        };
        let answer = asked().map_err(|failure| format!("{method} {path} at {address}: {failure}"))?;
        let status = answer.split(' ').nth(1).and_then(|status| status.parse::<u16>().ok()).unwrap_or_default();
        if (200..300).contains(&status) { Ok(()) } else { Err(format!("{method} {path} at {address}: {answer}")) }
    }
}

/// `amqp://user:password@host:port` without the virtual host.
fn without_path(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    url[start..].find('/').map_or(url, |at| &url[..start + at])
}

fn last_of(text: &str, separator: char) -> &str {
    text.rsplit(separator).next().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_virtual_host_takes_the_place_of_another() {
        assert_eq!(without_path("amqp://me:secret@broker:5672/%2f"), "amqp://me:secret@broker:5672");
        assert_eq!(without_path("amqp://broker"), "amqp://broker");
    }
}
