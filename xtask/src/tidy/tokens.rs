//! The tokens of a Rust file that matter for its imports: names, `::` and single characters.

/// A token with its line, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) line: usize,
    pub(super) text: &'a str,
}

impl Token<'_> {
    /// Whether it is a name or a keyword.
    pub(super) fn is_name(&self) -> bool {
        self.text.starts_with(is_word)
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The tokens without comments, literals and items that `#[cfg(test)]` marks.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    without_tests(&lexed(text))
}

fn lexed(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let skipped = skipped(rest);
        let length = if skipped > 0 {
            skipped
        } else if is_word(first) {
            rest.find(|c| !is_word(c)).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        let (token, after) = rest.split_at(length);
        if skipped == 0 && !first.is_whitespace() {
            found.push(Token { line, text: token });
        }
        line += token.matches('\n').count();
        rest = after;
    }
    found
}

/// The length of the comment, literal or lifetime at the beginning of the text; 0 if there is none.
fn skipped(text: &str) -> usize {
    let to = |end: &str| text.find(end).map_or(text.len(), |at| at + end.len());
    if text.starts_with("//") {
        return to("\n");
    }
    if text.starts_with("/*") {
        return to("*/");
    }
    for prefix in ["r", "br", "cr"] {
        let Some(raw) = text.strip_prefix(prefix) else { continue };
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let opening = prefix.len() + hashes + 1;
            return text[opening..].find(&end).map_or(text.len(), |at| opening + at + end.len());
        }
    }
    for prefix in ["", "b", "c"] {
        let Some(quoted) = text.strip_prefix(prefix) else { continue };
        if quoted.starts_with('"') {
            return prefix.len() + literal(quoted, '"');
        }
        let mut chars = quoted.chars();
        if chars.next() == Some('\'') {
            // `'a'` and `'\n'` are characters, `'a` is a lifetime.
            let is_character = chars.next() == Some('\\') || chars.next() == Some('\'');
            return prefix.len() + if is_character { literal(quoted, '\'') } else { 1 };
        }
    }
    0
}

/// The length of a literal with its quotes.
fn literal(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Removes the items that `#[cfg(test)]` marks.
fn without_tests<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at..].iter().take(MARK.len()).map(|token| token.text).eq(MARK) {
            at = item_end(tokens, at + MARK.len());
        } else {
            kept.push(tokens[at]);
            at += 1;
        }
    }
    kept
}

/// The index behind the item that begins at `at`: behind its `;` or its block.
fn item_end(tokens: &[Token<'_>], at: usize) -> usize {
    let mut depth = 0_u32;
    for (index, token) in tokens.iter().enumerate().skip(at) {
        match token.text {
            "{" | "(" | "[" => depth += 1,
            // The end of what is around: the mark was on a last field.
            "}" | ")" | "]" if depth == 0 => return index,
            "}" | ")" | "]" => depth -= 1,
            _ => {}
        }
        if depth == 0 && (token.text == ";" || token.text == "}") {
            // `use a::{b};` ends at its semicolon.
            let has_semicolon = tokens.get(index + 1).is_some_and(|next| next.text == ";");
            return index + 1 + usize::from(token.text == "}" && has_semicolon);
        }
    }
    tokens.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> String {
        tokens(text).iter().map(|token| token.text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_literals_and_lifetimes_are_no_tokens() {
        assert_eq!(texts("/// crate::a\nlet a = \"crate::b \\\" c\"; /* crate::d */"), "let a = ;");
        assert_eq!(texts("r#\"crate:: \" a\"# + b'\\'' + '\"' + x::<&'a str>()"), "+ + + x :: < & a str > ( )");
    }

    #[test]
    fn items_of_tests_are_no_tokens() {
        let text = "a;\n#[cfg(test)]\nuse crate::{b, c};\n#[cfg(test)]\nmod tests { fn d() { e(); } }\nf";
        assert_eq!(texts(text), "a ; f");
        assert_eq!(tokens(text).last().map(|token| token.line), Some(6));
    }
}
