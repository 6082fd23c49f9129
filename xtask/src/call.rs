//! HTTP requests to the gateway or to RabbitMQ's management API, one at a time.

use std::path::PathBuf;
use std::time::Duration;

use minreq::Method;
use tinyjson::JsonValue;

use crate::failure::{Doing, Failure};
use crate::https;

/// Timeout of a request.
const TIMEOUT_SECONDS: u64 = 30;

/// A server that is reached by HTTP, in plain text or over TLS.
pub(crate) struct Server {
    authority: String,
    /// Whether its URL begins with `https://`.
    has_tls: bool,
    /// The authorities that are trusted; `None` for those of this machine.
    authorities: Option<PathBuf>,
    /// The header that authenticates the caller, and its value.
    auth_header: (&'static str, String),
}

/// A response.
pub(crate) struct Response {
    pub(crate) status: u16,
    link: Option<String>,
    pub(crate) body: String,
}

impl Server {
    /// Creates a client of a gateway.
    pub(crate) fn gateway(url: &str, token: Option<&str>, authorities: Option<PathBuf>) -> Result<Self, Failure> {
        let auth_header = match token {
            Some(token) => ("Authorization", format!("Bearer {token}")),
            None => ("X-User-ID", "1".to_owned()),
        };
        let (authority, has_tls) = authority(url)?;
        Ok(Self { authority, has_tls, authorities, auth_header })
    }

    /// Creates a client of RabbitMQ's management API: `http://user:password@host:15672`.
    pub(crate) fn console(url: &str, authorities: Option<PathBuf>) -> Result<Self, Failure> {
        let (authority, has_tls) = authority(url)?;
        let (user, authority) = authority.rsplit_once('@').unwrap_or(("guest:guest", &authority));
        let auth_header = ("Authorization", format!("Basic {}", base64(user.as_bytes())));
        Ok(Self { authority: authority.to_owned(), has_tls, authorities, auth_header })
    }

    pub(crate) fn get(&self, path: &str) -> Result<Response, Failure> {
        self.send(Method::Get, path, "")
    }

    pub(crate) fn post(&self, path: &str, json: &str) -> Result<Response, Failure> {
        self.send(Method::Post, path, json)
    }

    pub(crate) fn delete(&self, path: &str) -> Result<Response, Failure> {
        self.send(Method::Delete, path, "")
    }

    fn send(&self, method: Method, path: &str, json: &str) -> Result<Response, Failure> {
        let (name, value) = &self.auth_header;
        if self.has_tls {
            return self.send_with_tls(&method, path, json);
        }
        let request = minreq::Request::new(method, format!("http://{}{path}", self.authority))
            .with_header(*name, value)
            .with_header("Content-Type", "application/json")
            .with_body(json)
            .with_follow_redirects(false)
            .with_timeout(TIMEOUT_SECONDS);
        let doing = || format!("send a request to {}; `cargo xtask up` starts the server", self.authority);
        let response = request.send().doing(doing())?;
        let link = response.header("link").map(str::to_owned);
        let body = String::from_utf8_lossy(response.as_bytes()).into_owned();
        Ok(Response { status: response.status_code, link, body })
    }

    fn send_with_tls(&self, method: &Method, path: &str, json: &str) -> Result<Response, Failure> {
        let ((name, value), host, length) = (&self.auth_header, &self.authority, json.len());
        let request = format!(
            "{method} {path} HTTP/1.0\r\nHost: {host}\r\n{name}: {value}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{json}"
        );
        let timeout = Duration::from_secs(TIMEOUT_SECONDS);
        let received = https::exchange(host, self.authorities.as_deref(), &request, timeout)?;
        let link = received.headers.into_iter().find_map(|(name, value)| (name == "link").then_some(value));
        Ok(Response { status: received.status, link, body: received.body })
    }
}

impl Response {
    /// The response, if its status is a success.
    pub(crate) fn or_failure(self) -> Result<Self, Failure> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        if self.status == 401 {
            let hint = "sign-in is required: pass an administrator's access token with --token or CHIPIN_TOKEN";
            return Err(Failure::new(hint));
        }
        let problem = self.json().ok();
        let member = |name: &str| {
            let object: &std::collections::HashMap<String, JsonValue> = problem.as_ref()?.get()?;
            object.get(name)?.get::<String>().cloned()
        };
        let detail = member("detail").unwrap_or_else(|| self.body.clone());
        Err(Failure::new(format!("the service responded with {}: {detail}", self.status)))
    }

    pub(crate) fn json(&self) -> Result<JsonValue, Failure> {
        self.body.parse().map_err(|error| Failure::new(format!("the response is not JSON: {error}")))
    }

    /// The target of the `Link` header.
    pub(crate) fn next_page(&self) -> Option<String> {
        Some(self.link.as_ref()?.strip_prefix('<')?.split_once('>')?.0.to_owned())
    }
}

/// Host and port of a URL, and whether it has TLS.
fn authority(url: &str) -> Result<(String, bool), Failure> {
    let (rest, port, has_tls) = match (url.strip_prefix("http://"), url.strip_prefix("https://")) {
        (Some(rest), _) => (rest, 80, false),
        (None, Some(rest)) => (rest, 443, true),
        // It may contain a password.
        (None, None) => return Err(Failure::new("the URL does not begin with http:// or https://")),
    };
    let authority = rest.trim_end_matches('/');
    let has_port = authority.rsplit('@').next().is_some_and(|host| host.contains(':'));
    Ok((if has_port { authority.to_owned() } else { format!("{authority}:{port}") }, has_tls))
}

/// Source: RFC 4648, section 4.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let number = (0..3).fold(0_usize, |number, at| number << 8 | usize::from(three.get(at).copied().unwrap_or(0)));
        for at in 0..4 {
            let digit = char::from(DIGITS[number >> (18 - 6 * at) & 63]);
            text.push(if at <= three.len() { digit } else { '=' });
        }
    }
    text
}

/// Percent-encodes a text for a URL.
pub(crate) fn percent_encoded(text: &str) -> String {
    let encoded = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encoded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    /// The response to a request, of a server that responds with this text; and the request.
    fn exchange(response: &'static str) -> (Response, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://me:secret@{}", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = vec![];
            while !request.ends_with(b"{}") {
                let mut bytes = [0; 1024];
                let count = stream.read(&mut bytes).unwrap();
                request.extend_from_slice(&bytes[..count]);
            }
            stream.write_all(response.as_bytes()).unwrap();
            String::from_utf8(request).unwrap()
        });
        let response = Server::console(&url, None).unwrap().post("/api/bindings/%2F/e/a/%2523?x=%20", "{}").unwrap();
        (response, server.join().unwrap())
    }

    #[test]
    fn a_chunked_response_is_joined_and_the_path_is_sent_as_it_is() {
        let (response, request) = exchange(
            "HTTP/1.1 200 OK\r\nLink: </orders/x?cursor=1>; rel=\"next\"\r\nTransfer-Encoding: chunked\r\n\r\n\
              3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n",
        );
        assert_eq!((response.status, response.body.as_str()), (200, "[1,2]"));
        assert_eq!(response.next_page().as_deref(), Some("/orders/x?cursor=1"));
        assert!(request.starts_with("POST /api/bindings/%2F/e/a/%2523?x=%20 HTTP/1.1\r\n"), "{request}");
        assert!(request.contains("Authorization: Basic bWU6c2VjcmV0\r\n"), "{request}");
    }

    #[test]
    fn the_credentials_come_from_the_url() {
        let console = Server::console("http://guest:guest@localhost:15672/", None).unwrap();
        assert_eq!(
            (console.authority.as_str(), console.auth_header.1.as_str()),
            ("localhost:15672", "Basic Z3Vlc3Q6Z3Vlc3Q=")
        );
        let gateway = Server::gateway("https://chipin.example", None, None).unwrap();
        assert_eq!((gateway.authority.as_str(), gateway.has_tls), ("chipin.example:443", true));
        assert!(Server::gateway("chipin.example", None, None).is_err());
        assert_eq!([base64(b"a"), base64(b"ab"), base64(b"abc")], ["YQ==", "YWI=", "YWJj"]);
    }

    #[test]
    fn a_refusal_has_its_detail() {
        let (response, _) = exchange("HTTP/1.1 409 Conflict\r\nContent-Length: 22\r\n\r\n{\"detail\": \"too late\"}");
        assert_eq!(response.or_failure().err().unwrap().to_string(), "the service responded with 409: too late");
    }

    #[test]
    fn reserved_characters_are_percent_encoded() {
        assert_eq!(percent_encoded("no order é&"), "no%20order%20%C3%A9%26");
    }
}
