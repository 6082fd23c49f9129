//! The places where a service is registered.

use At::{AfterLast, Before, End};

use crate::failure::Failure;
use crate::new::files::filled;
use crate::new::name::Name;

/// Where in a file the text goes.
#[derive(Clone, Copy, Debug)]
enum At {
    /// Below the last line that starts with the first and ends with the second text.
    AfterLast(&'static str, &'static str),
    /// Right before the last occurrence of the text.
    Before(&'static str),
    /// At the end of the file.
    End,
}

/// A text to be inserted into a file.
#[derive(Clone, Debug)]
pub(super) struct Edit {
    pub(super) path: String,
    at: At,
    text: String,
}

/// Files, the places in them, and what is inserted there.
const PLACES: &[(&str, At, &str)] = &[
    ("Cargo.toml", AfterLast("    \"", "-service\","), "    \"{{name}}-service\",\n"),
    (".dockerignore", AfterLast("!", "-service"), "!{{name}}-service\n"),
    ("deploy/Dockerfile", Before(" -p migrations "), " -p {{name}}-service"),
    ("deploy/Dockerfile", Before(" target/release/migrations "), " target/release/{{name}}-service"),
    (
        "deploy/rabbitmq/definitions.json",
        Before("\n  ],\n  \"permissions\""),
        include_str!("template/insert/user.json.template"),
    ),
    ("deploy/rabbitmq/definitions.json", Before("\n  ]\n}"), include_str!("template/insert/permission.json.template")),
    (
        "compose.yaml",
        AfterLast("      USERS_DB_PASSWORD: ", ""),
        "      {{NAME}}_DB_PASSWORD: ${{{NAME}}_DB_PASSWORD:?run deploy/compose-secrets.sh}\n",
    ),
    (
        "compose.yaml",
        AfterLast("      USERS_AMQP_PASSWORD: ", ""),
        "      {{NAME}}_AMQP_PASSWORD: ${{{NAME}}_AMQP_PASSWORD:?run deploy/compose-secrets.sh}\n",
    ),
    ("compose.yaml", Before("    # Over TCP, because while the image"), "      - {{name}}-data\n"),
    (
        "compose.yaml",
        Before("    healthcheck:\n      test: [\"CMD-SHELL\", \"rabbitmq-diagnostics"),
        "      - {{name}}-data\n",
    ),
    ("compose.yaml", Before("      - orders\n"), "      - {{name}}\n"),
    (
        "compose.yaml",
        Before("  migrations:\n    internal: true\n"),
        "  {{name}}:\n    internal: true\n  {{name}}-data:\n    internal: true\n",
    ),
    ("compose.yaml", Before("  gateway:\n    build:"), include_str!("template/insert/compose.yaml.template")),
    (
        "compose.yaml",
        AfterLast("      USERS_KEY: ", ""),
        "      {{NAME}}_URL: http://{{name}}-service:{{port}}\n      {{NAME}}_KEY: \
             ${{{NAME}}_KEY:?run deploy/compose-secrets.sh}\n",
    ),
    ("compose.yaml", Before(",users-service\n"), ",{{name}}-service"),
    (
        "compose.yaml",
        Before("      redis:\n        condition: service_healthy\n    networks:\n      - front"),
        "      {{name}}-service:\n        condition: service_healthy\n",
    ),
    (
        "xtask/src/services.rs",
        AfterLast("    service(\"", "),"),
        "    service(\"{{name}}\", \"{{name}}-service\", {{port}}, \"/{{name}}\", &[]),\n",
    ),
    (
        "xtask/src/tidy/imports.rs",
        AfterLast("    Rule { folder: \"", "-service\", uses: SERVICE, in_tests: SERVICE_TESTS, why: WHY_SERVICE },"),
        "    Rule { folder: \"{{name}}-service\", uses: SERVICE, in_tests: SERVICE_TESTS, why: WHY_SERVICE },\n",
    ),
    ("shared/contracts/src/lib.rs", AfterLast("pub mod users;", ""), "pub mod {{name}};\n"),
    ("shared/contracts/src/catalogue.rs", Before(" orders,"), " {{name}},"),
    (
        "shared/contracts/src/catalogue.rs",
        Before("\n}\n\n#[cfg(test)]"),
        "\n        .event::<{{name}}::NoteWritten>(\"A user wrote a note.\")",
    ),
    ("shared/contracts/tests/golden.rs", End, include_str!("template/insert/golden.rs.template")),
    (
        "gateway/src/config.rs",
        Before("    /// How requests are authenticated. Default:"),
        "    /// URL of {{name}}-service.\n    #[arg(long, env = \"{{NAME}}_URL\", default_value = \
             \"http://127.0.0.1:{{port}}\")]\n    pub {{name}}_url: BaseUrl,\n\n    /// Key that signs gateway tokens for \
             {{name}}-service, which has it in `GATEWAY_KEYS`: at least 32 characters.\n    #[arg(long, env = \
             \"{{NAME}}_KEY\", hide_env_values = true)]\n    pub {{name}}_key: Option<SigningKey>,\n\n",
    ),
    (
        "gateway/src/config.rs",
        AfterLast("            (\"USERS_URL\", ", ""),
        "            (\"{{NAME}}_URL\", &self.{{name}}_url),\n",
    ),
    (
        "gateway/src/config.rs",
        AfterLast("            (\"USERS_KEY\", ", ""),
        "            (\"{{NAME}}_KEY\", self.{{name}}_key.as_ref()),\n",
    ),
    ("gateway/src/gateway.rs", Before("    pub(crate) tunnels: Tunnels,"), "    pub(crate) {{name}}: Arc<Upstream>,\n"),
    (
        "gateway/src/gateway.rs",
        Before("            tunnels: Tunnels::new"),
        "            {{name}}: upstream(\"{{name}}-service\", &config.{{name}}_url, &config.{{name}}_key),\n",
    ),
    ("gateway/src/forward/target.rs", Before("}\n\nimpl Target"), "    {{Name}},\n"),
    (
        "gateway/src/gateway.rs",
        AfterLast("            Service::", ","),
        "            Service::{{Name}} => &self.{{name}},\n",
    ),
    (
        "gateway/src/routes.rs",
        Before("const LOGIN: Target"),
        "const {{NAME}}: Target = to(Service::{{Name}}, \"{{name}}\", \"/{{name}}\");\n",
    ),
    (
        "gateway/src/routes.rs",
        Before("        \"login\" => return"),
        "        \"{{name}}\" => ([\"/{{name}}\", \"/{{name}}/\", \"/{{name}}/{*path}\"], {{NAME}}),\n",
    ),
    (
        "gateway/src/routes.rs",
        AfterLast("            Url::new(\"", "),"),
        "            Url::new(\"{{name}}\", \"../{{name}}/openapi.json\"),\n",
    ),
    ("gateway/tests/it/stage.rs", Before(", \"users\""), ", \"{{name}}\""),
    ("e2e/tests/it/signing_in.rs", Before("];\n\n/// A system with sign-in."), ", \"{{name}}\""),
    (
        "e2e/tests/it/matrix.rs",
        Before("];\n\n/// The operators' endpoints"),
        "    (\"/{{name}}\", \"get\", \"/notes\", User, EMPTY),\n    (\"/{{name}}\", \"post\", \"/notes\", User, EMPTY),\n",
    ),
    (
        "gateway/README.md",
        AfterLast("| `/users/...`", "|"),
        "| `/{{name}}/...` | {{name}}-service, prefix stripped |\n",
    ),
    ("gateway/README.md", Before(" over one |"), ", `/{{name}}/docs`"),
    (
        "gateway/README.md",
        AfterLast("| `USERS_URL` |", "|"),
        "| `{{NAME}}_URL` | `http://127.0.0.1:{{port}}` | plain HTTP, no path |\n",
    ),
    ("gateway/README.md", Before(" |  | sign gateway tokens"), ", `{{NAME}}_KEY`"),
    (
        "ARCHITECTURE.md",
        Before("| `migrations` | |"),
        "| `{{name}}-service` | schema `{{name}}` | notes of users, until it does something else |\n",
    ),
    ("ARCHITECTURE.md", AfterLast("   PostgreSQL: schemas ", ""), "               and {{name}}\n"),
    ("README.md", Before(" |\n| `http://localhost:8090/small-router"), ", `/{{name}}/docs`"),
    ("README.md", Before(" | where a service publishes its events"), ", `{{name}}`"),
];

/// All places, with the text of this service.
pub(super) fn of(name: &Name, port: u16) -> impl Iterator<Item = Edit> {
    PLACES.iter().map(move |(path, at, text)| Edit {
        path: (*path).to_owned(),
        at: *at,
        text: filled(text, name, port),
    })
}

impl Edit {
    /// The file's text with the insertion.
    ///
    /// # Errors
    /// Fails if the file has no such place.
    pub(super) fn apply(&self, before: &str) -> Result<String, Failure> {
        let missing = || {
            let Self { path, at, text } = self;
            Failure::new(format!(
                "{path} has no place {at:?}: insert there by hand, and mend xtask/src/new/edits.rs:\n{text}"
            ))
        };
        let at = match self.at {
            At::End => before.len(),
            At::Before(next) => before.rfind(next).ok_or_else(missing)?,
            At::AfterLast(start, end) => {
                let mut found = None;
                let mut at = 0;
                for line in before.split_inclusive('\n') {
                    at += line.len();
                    let line = line.trim_end_matches('\n');
                    if line.starts_with(start) && line.ends_with(end) {
                        found = Some(at);
                    }
                }
                found.ok_or_else(missing)?
            }
        };
        let (above, below) = before.split_at(at);
        Ok([above, &self.text, below].concat())
    }
}
