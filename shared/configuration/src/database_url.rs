//! The URL of a PostgreSQL database.

use crate::HAS_TLS;
use crate::url_rule::{UrlRule, WrongUrl};
use std::fmt;
use std::net::IpAddr;
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
                "disable" | "allow" | "prefer" => continue,
                "require" | "verify-ca" | "verify-full" if HAS_TLS => continue,
                "require" | "verify-ca" | "verify-full" => "sslmode requires TLS, without which this program was built",
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
        assert_eq!("postgres://db/chipin?sslmode=require".parse::<DatabaseUrl>().is_ok(), HAS_TLS);
        assert_eq!(format!("{:?}", "postgres://a:b@c/d".parse::<DatabaseUrl>().unwrap()), "DatabaseUrl(…)");
    }
}
