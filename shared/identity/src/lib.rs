//! Who makes a request: the headers set by the gateway, and the token that proves that it was the gateway.

mod caller;
mod gateway_auth;
mod principal;
#[cfg(feature = "tokens")]
pub mod tokens;

pub use caller::{Administrator, Caller, caller, unauthenticated};
pub use gateway_auth::{
    GatewaySecret, INTERNAL_TOKEN_HEADER, InternalAuth, InternalAuthConfig, LIFETIME, MissingGatewaySecret, WeakSecret,
    require_internal_token,
};
pub use principal::{Principal, ROLE_HEADER, Role, USER_HEADER, parse_user_id};
