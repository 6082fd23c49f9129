//! Parameters of a socket's query that prove who opens it.

/// The parameters that never reach a service.
const CREDENTIALS: [&str; 2] = ["user_id", "ticket"];

/// The query without what proves who the caller is.
pub(crate) fn without_credentials(query: &str) -> String {
    let kept: Vec<&str> = query.split('&').filter(|pair| !CREDENTIALS.contains(&name_of(pair))).collect();
    kept.join("&")
}

/// The name in `name=value`.
pub(super) fn name_of(pair: &str) -> &str {
    pair.split('=').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_goes_on_without_the_user() {
        assert_eq!(without_credentials("user_id=1"), "");
        assert_eq!(without_credentials("a=%20&user_id=1&b&ticket=x&user_idx=2"), "a=%20&b&user_idx=2");
    }
}
