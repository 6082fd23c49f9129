//! How programs read their variables, and how they report one that is wrong.
//!
//! A program declares its variables as a struct for clap: `#[arg(long, env = "NAME")]`. [`parse`] reads them:
//!
//! - An empty variable counts as unset.
//! - A variable with `hide_env_values = true` is secret. Its value is never printed, and may be in a file that
//!   `NAME_FILE` names.
//! - A wrong value stops the start with one line in the configured log format: the variable, what it has to be, and its
//!   value, or the length of a secret. Names and passwords in URLs are left out.
//!
//! The types of values check as much as can be known at the start. Their errors begin with "must" and do not contain the
//! value.

mod currency;
mod database_url;
mod http_url;
mod number;
mod origin;
mod password;
mod peer;
mod redis_url;
mod url_rule;

mod read;
mod refused;
mod report;
mod shown;
mod variable;

pub use currency::{Currency, UnknownCurrency};
pub use database_url::DatabaseUrl;
pub use http_url::HttpUrl;
pub use number::{Seconds, Whole, WrongNumber};
pub use origin::{MalformedOrigin, Origin};
pub use password::Password;
pub use peer::{Peer, is_loopback};
pub use read::{matches, parse};
pub use redis_url::{RedisUrl, RefusedRedisUrl};
pub use report::{LogFormat, report};
pub use url_rule::{UrlRule, WrongUrl};
