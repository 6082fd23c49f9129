//! The URL of a PostgreSQL database.

use crate::peer::Peer;
use crate::url_rule::{UrlRule, WrongUrl};
use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::str::FromStr;
use url::Url;

const RULE: UrlRule =
    UrlRule { schemes: &["postgres", "postgresql"], example: "postgres://role:password@host:port/database" };

/// The URL of a PostgreSQL database. It contains a password, so its debug output is empty.
#[derive(Clone)]
pub struct DatabaseUrl(String);

impl FromStr for DatabaseUrl {
    type Err = WrongUrl;

    fn from_str(text: &str) -> Result<Self, WrongUrl> {
        let url = RULE.parse(text)?;
        check_parameters(&url)?;
        let names_host = url.query_pairs().any(|(name, _)| matches!(&*name, "host" | "hostaddr"));
        if url.host_str().is_none_or(str::is_empty) && !names_host {
            return Err(RULE.wrong("it has no host"));
        }
        Ok(Self(text.to_owned()))
    }
}

/// Checks the parameters that sqlx knows. It logs the value of one that it does not know, which may be a part of a
/// password with an unescaped `?`. Their names are not shown for the same reason.
///
/// Source: sqlx-postgres, `options/parse.rs`.
fn check_parameters(url: &Url) -> Result<(), WrongUrl> {
    for (name, value) in url.query_pairs() {
        let fault = match &*name {
            "sslmode" | "ssl-mode" => match &*value {
                "disable" | "allow" | "prefer" | "require" | "verify-ca" | "verify-full" => continue,
                _ => "sslmode is none of disable, allow, prefer, require, verify-ca, verify-full",
            },
            "port" if value.parse::<u16>().is_err() => "the parameter port must be a port",
            "hostaddr" if value.parse::<IpAddr>().is_err() => "the parameter hostaddr must be an IP address",
            "statement-cache-capacity" if value.parse::<u16>().is_err() => {
                "the parameter statement-cache-capacity must be a whole number up to 65535"
            }
            "sslrootcert"
            | "ssl-root-cert"
            | "ssl-ca"
            | "sslcert"
            | "ssl-cert"
            | "sslkey"
            | "ssl-key"
            | "statement-cache-capacity"
            | "host"
            | "hostaddr"
            | "port"
            | "dbname"
            | "user"
            | "password"
            | "application_name"
            | "options" => continue,
            setting if setting.starts_with("options[") && setting.ends_with(']') => continue,
            _ => "it has an unknown parameter after the `?`; write a `?` in a password as %3F",
        };
        return Err(RULE.wrong(fault));
    }
    Ok(())
}

impl DatabaseUrl {
    /// The URL, with its password.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The server. Only `sslmode=verify-full` verifies who it is.
    pub fn peer(&self) -> Peer {
        let Ok(url) = Url::parse(&self.0) else { return Peer { host: Some(String::new()), is_verified: false } };
        // As sqlx: the last parameter counts, and before the host of the authority.
        let last = |names: &[&str]| {
            let named = url.query_pairs().filter(|(name, _)| names.contains(&&**name)).last();
            named.map(|(_, value)| value.into_owned())
        };
        let host = last(&["host", "hostaddr"]).or_else(|| url.host_str().map(str::to_owned));
        let is_verified = last(&["sslmode", "ssl-mode"]).is_some_and(|mode| mode == "verify-full");
        Peer { host: host.filter(|host| !host.starts_with('/')), is_verified }
    }

    /// The same, which trusts the authorities of a file, unless the URL names another.
    #[must_use]
    pub fn trusting(&self, authorities_file: &Path) -> Self {
        const PARAMETERS: [&str; 3] = ["sslrootcert", "ssl-root-cert", "ssl-ca"];
        let Ok(mut url) = Url::parse(&self.0) else { return self.clone() };
        if !url.query_pairs().any(|(name, _)| PARAMETERS.contains(&&*name)) {
            url.query_pairs_mut().append_pair("sslrootcert", &authorities_file.to_string_lossy());
        }
        Self(url.into())
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseUrl(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_verify_full_verifies_the_server_and_a_socket_file_is_local() {
        let peer = |text: &str| text.parse::<DatabaseUrl>().unwrap().peer();
        let of = |host: &str, is_verified| Peer { host: Some(host.to_owned()), is_verified };
        assert_eq!(peer("postgres://a:b@db:5432/c"), of("db", false));
        for mode in ["disable", "prefer", "require", "verify-ca"] {
            assert_eq!(peer(&format!("postgres://db/c?sslmode={mode}")), of("db", false));
        }
        assert_eq!(peer("postgres://db/c?sslmode=verify-full"), of("db", true));
        assert_eq!(peer("postgres://db/c?sslmode=verify-full&sslmode=disable"), of("db", false));
        assert_eq!(peer("postgres://localhost/c?host=elsewhere"), of("elsewhere", false));
        assert!(peer("postgres:///c?host=/run/postgresql").is_local());
        assert!(peer("postgres://127.0.0.1/c").is_local() && !peer("postgres://127.0.0.1.example/c").is_local());
    }

    #[test]
    fn the_authorities_are_added_unless_the_url_names_others() {
        let trusting = |text: &str| text.parse::<DatabaseUrl>().unwrap().trusting(Path::new("/a b/ca.pem")).0;
        assert_eq!(trusting("postgres://a:b%40@db/c"), "postgres://a:b%40@db/c?sslrootcert=%2Fa+b%2Fca.pem");
        assert_eq!(trusting("postgres://db/c?sslrootcert=/own.pem"), "postgres://db/c?sslrootcert=/own.pem");
    }

    #[test]
    fn only_a_url_of_postgresql_with_known_parameters_is_accepted() {
        for text in [
            "postgres://orders:sesame@db:5432/chipin",
            "postgresql://db/chipin?sslmode=disable&application_name=x&options[search_path]=a",
            "postgres:///chipin?host=/run/postgresql",
        ] {
            assert!(text.parse::<DatabaseUrl>().is_ok(), "{text}");
        }
        for text in [
            "",
            "orders:sesame@db/chipin",
            "mysql://orders:sesame@db/chipin",
            "http://db/chipin",
            "postgres://orders:sesame@db:99999/chipin",
            "postgres://orders:ses?ame@db/chipin",
            "postgres://",
            "postgres://db/chipin?passwort=sesame",
            "postgres://db/chipin?sslmode=sesame",
            "postgres://db/chipin?port=sesame",
        ] {
            let failure = text.parse::<DatabaseUrl>().expect_err(text).to_string();
            assert!(failure.starts_with("must be a URL like postgres://role:password@host"), "{failure}");
            assert!(!failure.contains("sesame") && !failure.contains("ame@"), "{failure}");
        }
        assert_eq!(format!("{:?}", "postgres://a:b@c/d".parse::<DatabaseUrl>().unwrap()), "DatabaseUrl(…)");
    }
}
