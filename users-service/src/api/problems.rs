//! Problems of several operations.

use http::StatusCode;
use http_api::problem::Problem;

pub(super) fn wrong_credentials() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "wrong_credentials", "unknown login or wrong password")
}

pub(super) fn blocked() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "blocked", "an administrator has blocked this user")
}

pub(super) fn no_such_user() -> Problem {
    Problem::not_found("user_not_found", "there is no such user")
}

pub(super) fn wrong_code() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "wrong_code", "the code is wrong, expired or was used before")
}
