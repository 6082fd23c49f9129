//! The page contains no code that turns data into markup or programs, stores cookies or accepts messages of other pages.
//!
//! Source: OWASP ASVS 5.0, 1.2.1, 1.3.2, 3.2.2, 3.3 and 3.5.5. Svelte encodes what it renders, except in `{@html}`.

use crate::tidy::finding::Finding;
use crate::tidy::sources::Source;

const FOLDER: &str = "frontend/src/";

/// The code, and why it is refused.
const REFUSED: [(&str, &str); 11] = [
    ("{@html", MARKUP),
    ("innerHTML", MARKUP),
    ("outerHTML", MARKUP),
    ("insertAdjacentHTML", MARKUP),
    ("document.write", MARKUP),
    ("srcdoc", MARKUP),
    ("eval(", PROGRAM),
    ("new Function", PROGRAM),
    ("document.cookie", "no cookie means no request of another page with the rights of its visitor"),
    ("'message'", MESSAGES),
    ("onmessage", MESSAGES),
];
const MARKUP: &str = "text of users must not become markup: render it as text";
const PROGRAM: &str = "data must not become a program, and the Content-Security-Policy blocks it";
const MESSAGES: &str = "messages of other pages must not be trusted; of a WebSocket: `socket.onmessage`";

/// Checks one file of the page.
pub(super) fn check(source: &Source) -> Vec<Finding> {
    let is_checked = source.path.starts_with(FOLDER) && !source.path.ends_with(".test.ts");
    let lines = source.text.lines().enumerate().filter(|_| is_checked);
    lines
        .flat_map(|(at, line)| {
            let refused = REFUSED.iter().filter(|(code, _)| occurs(line, code));
            refused.map(move |(code, why)| Finding::error(&source.path, at + 1, format!("`{code}`"), why))
        })
        .collect()
}

/// Whether the code occurs in the line, not as the end of a longer name; `socket.onmessage` is a WebSocket's own.
fn occurs(line: &str, code: &str) -> bool {
    line.match_indices(code).any(|(at, _)| {
        let before = &line[..at];
        !before.ends_with(|c: char| c.is_alphanumeric() || c == '_') && !before.ends_with("socket.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        let source = Source { path: path.to_owned(), text: text.to_owned() };
        check(&source).into_iter().map(|finding| format!("{}: {}", finding.line, finding.rule)).collect()
    }

    #[test]
    fn code_that_makes_markup_or_programs_of_data_is_found() {
        let text = "<p>{name}</p>\n{@html name}\nelement.innerHTML = name;\nmedieval(name); eval(name);";
        assert_eq!(found("frontend/src/ui/A.svelte", text), ["2: `{@html`", "3: `innerHTML`", "4: `eval(`"]);
    }

    #[test]
    fn cookies_and_messages_of_other_pages_are_found_and_those_of_a_socket_are_not() {
        let text = "document.cookie;\naddEventListener('message', f);\nsocket.onmessage = f;\nwindow.onmessage = f;";
        let expected = ["1: `document.cookie`", "2: `'message'`", "4: `onmessage`"];
        assert_eq!(found("frontend/src/live/a.ts", text), expected);
        assert_eq!(found("frontend/e2e/a.mjs", text), [""; 0]);
    }
}
