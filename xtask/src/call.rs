//! HTTP requests to the gateway or to RabbitMQ's management API, one at a time, with only `std`.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use tinyjson::JsonValue;

use crate::failure::{Doing, Failure};

/// Timeout for reading a response.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that is reached by plain HTTP.
pub(crate) struct Server {
    authority: String,
    /// The header that authenticates the caller.
    auth_header: String,
}

/// A response.
pub(crate) struct Response {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Server {
    /// Creates a client of a gateway.
    pub(crate) fn gateway(url: &str, token: Option<&str>) -> Result<Self, Failure> {
        let auth_header =
            token.map_or_else(|| "X-User-ID: 1".to_owned(), |token| format!("Authorization: Bearer {token}"));
        Ok(Self { authority: authority(url)?, auth_header })
    }

    /// Creates a client of RabbitMQ's management API: `http://user:password@host:15672`.
    pub(crate) fn console(url: &str) -> Result<Self, Failure> {
        let authority = authority(url)?;
        let (user, authority) = authority.rsplit_once('@').unwrap_or(("guest:guest", &authority));
        let auth_header = format!("Authorization: Basic {}", base64(user.as_bytes()));
        Ok(Self { authority: authority.to_owned(), auth_header })
    }

    pub(crate) fn get(&self, path: &str) -> Result<Response, Failure> {
        self.send("GET", path, "")
    }

    pub(crate) fn post(&self, path: &str, json: &str) -> Result<Response, Failure> {
        self.send("POST", path, json)
    }

    pub(crate) fn delete(&self, path: &str) -> Result<Response, Failure> {
        self.send("DELETE", path, "")
    }

    fn send(&self, method: &str, path: &str, json: &str) -> Result<Response, Failure> {
        let doing = || format!("send a request to {}; `cargo xtask up` starts the server", self.authority);
        let mut stream = TcpStream::connect(&self.authority).doing(doing())?;
        stream.set_read_timeout(Some(PATIENCE)).doing(doing())?;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\n{}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{json}",
            self.authority,
            self.auth_header,
            json.len()
        );
        stream.write_all(request.as_bytes()).doing(doing())?;
        let mut bytes = vec![];
        stream.read_to_end(&mut bytes).doing(doing())?;
        Response::read(&bytes).ok_or_else(|| Failure::new("the server's response is not HTTP"))
    }
}

impl Response {
    fn read(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let body = &bytes[end + 4..];
        let is_chunked = head.to_ascii_lowercase().contains("\r\ntransfer-encoding: chunked");
        let body = if is_chunked { unchunked(body)? } else { body.to_vec() };
        Some(Self { status, head, body: String::from_utf8_lossy(&body).into_owned() })
    }

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
        let lines = self.head.lines();
        let link =
            lines.filter_map(|line| line.split_once(": ")).find(|(name, _)| name.eq_ignore_ascii_case("link"))?.1;
        Some(link.strip_prefix('<')?.split_once('>')?.0.to_owned())
    }
}

/// Host and port of a URL.
fn authority(url: &str) -> Result<String, Failure> {
    let rest = url.strip_prefix("http://").ok_or_else(|| Failure::new(format!("{url} is not an http:// URL")))?;
    let authority = rest.trim_end_matches('/');
    let has_port = authority.rsplit('@').next().is_some_and(|host| host.contains(':'));
    Ok(if has_port { authority.to_owned() } else { format!("{authority}:80") })
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

/// Source: RFC 9112, section 7.1.
fn unchunked(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut whole = vec![];
    loop {
        let end = bytes.windows(2).position(|two| two == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).ok()?.split(';').next()?, 16).ok()?;
        if size == 0 {
            return Some(whole);
        }
        whole.extend(bytes.get(end + 2..end + 2 + size)?);
        bytes = bytes.get(end + 4 + size..)?;
    }
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

    #[test]
    fn a_chunked_response_is_joined() {
        let response = Response::read(
            b"HTTP/1.1 200 OK\r\nLink: </orders/x?cursor=1>; rel=\"next\"\r\nTransfer-Encoding: chunked\r\n\r\n\
              3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n",
        )
        .unwrap();
        assert_eq!((response.status, response.body.as_str()), (200, "[1,2]"));
        assert_eq!(response.next_page().as_deref(), Some("/orders/x?cursor=1"));
    }

    #[test]
    fn the_credentials_come_from_the_url() {
        let console = Server::console("http://guest:guest@localhost:15672/").unwrap();
        assert_eq!(
            (console.authority.as_str(), console.auth_header.as_str()),
            ("localhost:15672", "Authorization: Basic Z3Vlc3Q6Z3Vlc3Q=")
        );
        assert_eq!([base64(b"a"), base64(b"ab"), base64(b"abc")], ["YQ==", "YWI=", "YWJj"]);
    }

    #[test]
    fn a_refusal_has_its_detail() {
        let response = Response::read(b"HTTP/1.1 409 Conflict\r\n\r\n{\"detail\": \"too late\"}").unwrap();
        assert_eq!(response.or_failure().err().unwrap().to_string(), "the service responded with 409: too late");
    }

    #[test]
    fn reserved_characters_are_percent_encoded() {
        assert_eq!(percent_encoded("no order é&"), "no%20order%20%C3%A9%26");
    }
}
