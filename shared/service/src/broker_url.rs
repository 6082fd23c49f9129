//! The URL of the broker.

use configuration::{Peer, UrlRule, WrongUrl, is_loopback};
use lapin::uri::{AMQPScheme, AMQPUri};
use std::fmt;
use std::path::Path;
use std::str::FromStr;
use url::Url;

const RULE: UrlRule = UrlRule { schemes: &["amqp", "amqps"], example: "amqp://user:password@host:port/vhost" };

/// The URL of a broker. It contains a password, so its debug output is empty.
#[derive(Clone)]
pub struct BrokerUrl(String);

impl FromStr for BrokerUrl {
    type Err = WrongUrl;

    /// RabbitMQ's default user `guest` is accepted on loopback only.
    fn from_str(text: &str) -> Result<Self, WrongUrl> {
        let url = RULE.parse(text)?;
        if url.host_str().is_none_or(str::is_empty) {
            return Err(RULE.wrong("it has no host"));
        }
        // The client's reasons may repeat a part of the URL.
        let uri: AMQPUri = text.parse().map_err(|_| RULE.wrong("the client of RabbitMQ refuses it"))?;
        if uri.authority.userinfo.username == "guest" && !is_loopback(&uri.authority.host) {
            return Err(RULE.wrong("RabbitMQ accepts the default user guest on loopback only"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl BrokerUrl {
    /// The URL, with its password.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The broker.
    pub fn peer(&self) -> Peer {
        match self.0.parse::<AMQPUri>() {
            Ok(uri) => Peer { host: Some(uri.authority.host), is_verified: uri.scheme == AMQPScheme::AMQPS },
            Err(_) => Peer { host: Some(String::new()), is_verified: false },
        }
    }

    /// The same, which trusts the authorities of a file, unless the URL names another.
    #[must_use]
    pub fn trusting(&self, authorities_file: &Path) -> Self {
        const PARAMETER: &str = "cacertfile";
        let Ok(mut url) = Url::parse(&self.0) else { return self.clone() };
        if !url.query_pairs().any(|(name, _)| name == PARAMETER) {
            url.query_pairs_mut().append_pair(PARAMETER, &authorities_file.to_string_lossy());
        }
        Self(url.into())
    }
}

impl fmt::Debug for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BrokerUrl(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_user_is_rejected_on_a_broker_beyond_loopback() {
        for url in [
            "amqp://guest:guest@127.0.0.1:5672",
            "amqp://guest:guest@localhost/%2f",
            "amqp://[::1]:5672",
            "amqp://orders:x@rabbitmq",
        ] {
            assert!(url.parse::<BrokerUrl>().is_ok(), "{url}");
        }
        for url in ["amqp://guest:guest@rabbitmq:5672/%2f", "amqp://rabbitmq", "amqp://guest:x@10.0.0.1"] {
            let failure = url.parse::<BrokerUrl>().unwrap_err().to_string();
            assert!(failure.contains("guest on loopback only"), "{url}: {failure}");
        }
    }

    #[test]
    fn amqps_verifies_the_broker_with_the_authorities_of_a_file() {
        let url: BrokerUrl = "amqps://orders:x@rabbitmq/%2f".parse().unwrap();
        assert_eq!(url.peer(), Peer { host: Some("rabbitmq".to_owned()), is_verified: true });
        assert!(!"amqp://orders:x@rabbitmq".parse::<BrokerUrl>().unwrap().peer().is_verified);
        let trusting = url.trusting(Path::new("/ca.pem"));
        assert_eq!(trusting.as_str(), "amqps://orders:x@rabbitmq/%2f?cacertfile=%2Fca.pem");
        assert_eq!(trusting.trusting(Path::new("/other.pem")).as_str(), trusting.as_str());
    }

    #[test]
    fn a_url_that_no_client_can_use_is_refused_without_its_password() {
        for url in [
            "",
            "http://orders:secret@rabbitmq",
            "amqp://orders:secret@rabbitmq:port",
            "amqp://orders:secret@rabbitmq:99999",
            "amqp://orders:secret@rabbitmq?heartbeat=secret",
            "amqp://orders:secret@",
            "orders:secret@rabbitmq",
        ] {
            let text = url.parse::<BrokerUrl>().expect_err(url).to_string();
            assert!(text.starts_with("must be a URL like amqp://user") && !text.contains("secret"), "{text}");
        }
        assert_eq!(format!("{:?}", "amqp://a:b@c".parse::<BrokerUrl>().unwrap()), "BrokerUrl(…)");
    }
}
