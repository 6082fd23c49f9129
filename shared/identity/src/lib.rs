//! Who makes a request: the headers set by the gateway, and the token that proves that it was the gateway.

mod caller;
mod client_address;
mod gateway_auth;
mod gateway_token;
mod principal;
mod retired;
mod signing_key;
#[cfg(feature = "tokens")]
pub mod tokens;

pub use caller::{Administrator, Caller, caller, unauthenticated};
pub use client_address::{FORWARDED_FOR, client_address};
pub use gateway_auth::{InternalAuth, InternalAuthConfig, MissingGatewayKeys, require_gateway_token};
pub use gateway_token::{GATEWAY_TOKEN_HEADER, LIFETIME, Operation, Origin};
pub use principal::{Principal, ROLE_HEADER, Role, SESSION_HEADER, USER_HEADER, parse_user_id};
pub use retired::{Retired, RetiredSecret};
pub use signing_key::{SigningKey, SigningKeys, WeakKey, WeakKeys};
