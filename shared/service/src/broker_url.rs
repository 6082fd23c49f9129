//! The URL of the broker.

use lapin::uri::AMQPUri;
use std::net::IpAddr;

/// `AMQP_URL` can't be used. Its value is not shown, because it contains a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("AMQP_URL must be a URL like amqp://user:password@host:port/vhost: {reason}")]
pub struct BrokerUrlError {
    reason: String,
}

/// Checks the URL of a broker. RabbitMQ's default user `guest` is accepted on loopback only.
///
/// # Errors
/// [`BrokerUrlError`] if it is malformed, or the default user on another machine.
pub fn check_broker_url(url: &str) -> Result<(), BrokerUrlError> {
    let uri: AMQPUri = url.parse().map_err(|reason: String| {
        // Some reasons repeat the URL.
        let reason = if reason.contains(url) { "it is not a URL".to_owned() } else { reason };
        BrokerUrlError { reason }
    })?;
    if uri.authority.userinfo.username == "guest" && !is_loopback(&uri.authority.host) {
        let reason = "RabbitMQ accepts the default user guest on loopback only".to_owned();
        return Err(BrokerUrlError { reason });
    }
    Ok(())
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
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
            assert_eq!(check_broker_url(url), Ok(()), "{url}");
        }
        for url in ["amqp://guest:guest@rabbitmq:5672/%2f", "amqp://rabbitmq", "amqps://guest:x@10.0.0.1"] {
            assert!(check_broker_url(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_malformed_url_names_its_variable_and_not_its_password() {
        for url in ["http://orders:secret@rabbitmq", "", "amqp://orders:secret@rabbitmq:port", "orders:secret@rabbitmq"]
        {
            let text = check_broker_url(url).unwrap_err().to_string();
            assert!(text.starts_with("AMQP_URL must be a URL") && !text.contains("secret"), "{text}");
        }
    }
}
