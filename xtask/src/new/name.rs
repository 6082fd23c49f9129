//! The name of a new service.

use crate::checkout::Checkout;
use crate::failure::Failure;

const LENGTH_MAX: usize = 24;

/// First segments of the gateway's own paths, modules of `contracts`, schemas of PostgreSQL, and the broker's own prefix
/// and user.
const TAKEN: [&str; 22] = [
    "amq",
    "assets",
    "catalogue",
    "cheque",
    "contracts",
    "docs",
    "envelope",
    "event",
    "gateway",
    "guest",
    "healthz",
    "ids",
    "login",
    "metrics",
    "migrations",
    "money",
    "public",
    "quantity",
    "readyz",
    "service",
    "tickets",
    "ws",
];

/// Words of Rust and SQL that can't be the name of a module or a schema without quoting. Sources: The Rust Reference,
/// "Keywords"; PostgreSQL documentation, appendix C, reserved key words.
const RESERVED: &[&str] = &[
    "abstract",
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "async",
    "authorization",
    "await",
    "become",
    "binary",
    "both",
    "box",
    "break",
    "case",
    "cast",
    "check",
    "collate",
    "collation",
    "column",
    "concurrently",
    "const",
    "constraint",
    "continue",
    "crate",
    "create",
    "cross",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "dyn",
    "else",
    "end",
    "enum",
    "except",
    "extern",
    "false",
    "fetch",
    "final",
    "fn",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "gen",
    "grant",
    "group",
    "having",
    "if",
    "ilike",
    "impl",
    "in",
    "initially",
    "inner",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "left",
    "let",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "natural",
    "not",
    "notnull",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "outer",
    "overlaps",
    "override",
    "placing",
    "primary",
    "priv",
    "pub",
    "ref",
    "references",
    "return",
    "returning",
    "right",
    "select",
    "self",
    "similar",
    "some",
    "static",
    "struct",
    "super",
    "symmetric",
    "table",
    "tablesample",
    "then",
    "to",
    "trailing",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "union",
    "unique",
    "unsafe",
    "unsized",
    "use",
    "user",
    "using",
    "variadic",
    "verbose",
    "virtual",
    "when",
    "where",
    "while",
    "window",
    "with",
    "yield",
];

/// A name that can be a schema, an exchange, a Rust module, a variable's prefix and a path at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name(String);

impl Name {
    /// Checks a name; `checkout` shows which exist.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub(super) fn parse(checkout: &Checkout, text: &str) -> Result<Self, Failure> {
        if let Some(problem) = problem(text) {
            return Err(Failure::new(format!("`{text}` can't be the name of a service: {problem}")));
        }
        let contracts = format!("shared/contracts/src/{text}.rs");
        for path in [format!("{text}-service"), format!("migrations/{text}"), contracts, text.to_owned()] {
            if checkout.path(&path).exists() {
                return Err(Failure::new(format!("`{text}` can't be the name of a service: {path} exists already")));
            }
        }
        let name = Self(text.to_owned());
        for (path, used) in [
            ("gateway/src/routes.rs", format!("const {}:", name.upper())),
            ("gateway/src/gateway.rs", format!(" {text}:")),
            ("gateway/src/config.rs", format!(" {text}_url:")),
        ] {
            if checkout.read(path)?.contains(&used) {
                return Err(Failure::new(format!("`{text}` can't be the name of a service: {path} uses it")));
            }
        }
        Ok(name)
    }

    /// `parcels`.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// `Parcels`.
    pub(super) fn capitalised(&self) -> String {
        let (first, rest) = self.0.split_at(1);
        first.to_uppercase() + rest
    }

    /// `PARCELS`.
    pub(super) fn upper(&self) -> String {
        self.0.to_uppercase()
    }
}

fn problem(text: &str) -> Option<String> {
    if !text.starts_with(|c: char| c.is_ascii_lowercase())
        || !text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    {
        let rule = "it is also a schema, an exchange, a module and a path, so it consists of a-z and 0-9, beginning \
                    with a letter";
        return Some(rule.to_owned());
    }
    if text.len() > LENGTH_MAX {
        return Some(format!("it has more than {LENGTH_MAX} characters"));
    }
    if text.starts_with("pg") {
        return Some("PostgreSQL reserves names that begin with pg".to_owned());
    }
    if text.ends_with("service") {
        return Some("`-service` is added to it".to_owned());
    }
    if TAKEN.contains(&text) {
        return Some("the gateway, the contracts, PostgreSQL or RabbitMQ use it".to_owned());
    }
    RESERVED.contains(&text).then(|| "it is a reserved word of Rust or SQL".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_can_not_be_a_schema_a_module_and_a_path_is_refused_with_the_reason() {
        for (name, reason) in [
            ("", "a-z"),
            ("Parcels", "a-z"),
            ("gift-cards", "a-z"),
            ("7parcels", "a-z"),
            ("../parcels", "a-z"),
            ("orders", "exists already"),
            ("shared", "exists already"),
            ("docs", "the gateway"),
            ("table", "reserved word"),
            ("async", "reserved word"),
            ("while", "reserved word"),
            ("where", "reserved word"),
            ("cheques", "routes.rs uses it"),
            ("tunnels", "gateway.rs uses it"),
            ("redis", "config.rs uses it"),
            ("amq", "RabbitMQ"),
            ("pgparcels", "PostgreSQL"),
            ("parcelsservice", "added to it"),
            ("aaaaaaaaaaaaaaaaaaaaaaaaa", "characters"),
        ] {
            let failure = Name::parse(&Checkout::of_this_build(), name).unwrap_err().to_string();
            assert!(failure.contains(reason), "`{name}`: {failure}");
        }
        for name in ["trialrun", "giftvouchers", "x2"] {
            assert_eq!(Name::parse(&Checkout::of_this_build(), name).unwrap().as_str(), name);
        }
    }
}
