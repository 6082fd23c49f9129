//! Users of a private RabbitMQ and their permissions.

/// A user of the broker, with the three patterns of RabbitMQ's permissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerUser {
    /// The user name.
    pub name: String,
    /// The password; letters and digits only.
    pub password: String,
    /// Queues and exchanges it may declare and delete.
    pub configure: String,
    /// Exchanges it may publish to and queues it may bind.
    pub write: String,
    /// Queues it may consume and exchanges it may bind from.
    pub read: String,
    /// Whether it is an administrator of the management console.
    pub administrator: bool,
}

impl BrokerUser {
    /// guest/guest: all permissions, from loopback only (a rule of RabbitMQ for this name).
    pub fn guest() -> Self {
        let all = ".*".to_owned();
        Self {
            name: "guest".to_owned(),
            password: "guest".to_owned(),
            configure: all.clone(),
            write: all.clone(),
            read: all,
            administrator: true,
        }
    }
}

/// The definitions file that creates `users` when the broker starts, before it listens.
///
/// This is faster than the management API, which is available only after the start.
pub(crate) fn definitions(users: &[BrokerUser]) -> String {
    let accounts: Vec<String> = users.iter().map(account).collect();
    let permissions: Vec<String> = users.iter().map(permission).collect();
    format!(
        r#"{{"vhosts": [{{"name": "/"}}], "users": [{}], "permissions": [{}]}}"#,
        accounts.join(", "),
        permissions.join(", ")
    )
}

fn account(user: &BrokerUser) -> String {
    let tags = if user.administrator { "administrator" } else { "" };
    format!(r#"{{"name": {}, "password": {}, "tags": "{tags}"}}"#, quoted(&user.name), quoted(&user.password))
}

fn permission(user: &BrokerUser) -> String {
    format!(
        r#"{{"user": {}, "vhost": "/", "configure": {}, "write": {}, "read": {}}}"#,
        quoted(&user.name),
        quoted(&user.configure),
        quoted(&user.write),
        quoted(&user.read)
    )
}

/// A JSON string. Names and patterns contain no control characters.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_with_a_backslash_stays_the_same_pattern() {
        let user = BrokerUser {
            name: "orders".to_owned(),
            password: "secret".to_owned(),
            configure: r"^orders(\..*)?$".to_owned(),
            ..BrokerUser::guest()
        };
        assert!(definitions(&[user]).contains(r#""configure": "^orders(\\..*)?$""#));
    }
}
