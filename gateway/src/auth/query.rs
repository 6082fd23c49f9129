//! Query parameters of a WebSocket that contain credentials.

/// Parameters that are never forwarded to a service.
const CREDENTIALS: [&str; 2] = ["user_id", "ticket"];

/// The query without credentials.
pub(crate) fn without_credentials(query: &str) -> String {
    let other_pairs: Vec<&str> = query.split('&').filter(|pair| !CREDENTIALS.contains(&name_of(pair))).collect();
    other_pairs.join("&")
}

/// The name in `name=value`.
pub(super) fn name_of(pair: &str) -> &str {
    pair.split('=').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_is_forwarded_without_credentials() {
        assert_eq!(without_credentials("user_id=1"), "");
        assert_eq!(without_credentials("a=%20&user_id=1&b&ticket=x&user_idx=2"), "a=%20&b&user_idx=2");
    }
}
