//! What one file imports, names and declares.

use crate::tidy::tokens::{Token, tokens};

/// A path of modules and items: `crate`, `store`, `orders`, `lock`.
pub(in crate::tidy) type Path = Vec<String>;

/// A name that a `use` declaration brings into the file.
#[derive(Debug)]
pub(in crate::tidy) struct Import {
    pub(in crate::tidy) line: usize,
    /// The name in this file; `*` for all names of the module.
    pub(in crate::tidy) name: String,
    pub(in crate::tidy) path: Path,
    /// Whether other files can use the name.
    pub(in crate::tidy) is_public: bool,
}

/// A file of a crate, as far as imports are concerned.
#[derive(Debug, Default)]
pub(in crate::tidy) struct File {
    pub(in crate::tidy) imports: Vec<Import>,
    /// The paths in its code, with their lines. A path of one name may also be a variable.
    pub(in crate::tidy) paths: Vec<(usize, Path)>,
    /// The items that it defines, at any depth.
    pub(in crate::tidy) items: Vec<String>,
    /// The modules of which other files are the bodies.
    pub(in crate::tidy) children: Vec<String>,
}

const ITEMS: [&str; 10] = ["fn", "struct", "enum", "trait", "type", "const", "static", "union", "macro", "mod"];

impl File {
    /// Reads a file that is the module `module` of its crate, for example `["crate", "store"]`.
    pub(in crate::tidy) fn read(text: &str, module: &[String]) -> Self {
        let tokens = tokens(text);
        let mut file = Self::default();
        // The modules around the current token, whose bodies are in this file, with the depth of their blocks.
        let mut inline: Vec<(String, usize)> = Vec::new();
        let mut depth = 0_usize;
        let mut at = 0;
        while at < tokens.len() {
            let text = |index: usize| tokens.get(index).map_or("", |token: &Token<'_>| token.text);
            let before = if at == 0 { "" } else { text(at - 1) };
            match text(at) {
                "{" => depth += 1,
                "}" => {
                    depth = depth.saturating_sub(1);
                    inline.retain(|(_, opened)| *opened <= depth);
                }
                "pub" if text(at + 1) == "(" => {
                    let visibility = tokens[at..].iter().position(|token| token.text == ")");
                    at += visibility.unwrap_or(1);
                }
                // `use<'a>` is a bound, not a declaration.
                "use" if text(at + 1) != "<" => {
                    let end = tokens[at..].iter().position(|token| token.text == ";").map_or(tokens.len(), |n| at + n);
                    let is_public = before == "pub" || before == ")";
                    let here = inside(module, &inline);
                    file.import(&tokens[at + 1..end], &mut Vec::new(), is_public, &here);
                    at = end;
                }
                "mod" if text(at + 2) == ";" => {
                    file.children.push(text(at + 1).to_owned());
                    at += 2;
                }
                "mod" if text(at + 2) == "{" => {
                    inline.push((text(at + 1).to_owned(), depth + 1));
                    file.items.push(text(at + 1).to_owned());
                    at += 1;
                }
                "macro_rules" if text(at + 1) == "!" => {
                    file.items.push(text(at + 2).to_owned());
                    at += 2;
                }
                keyword if ITEMS.contains(&keyword) && before != "*" && !text(at + 1).is_empty() => {
                    file.items.push(text(at + 1).to_owned());
                    // `const fn name`: the next round finds it.
                    at += usize::from(!ITEMS.contains(&text(at + 1)) && tokens[at + 1].is_name());
                }
                _ if tokens[at].is_name() && before != "." && before != "::" => {
                    let mut path = vec![text(at).to_owned()];
                    let line = tokens[at].line;
                    while text(at + 1) == "::" && tokens.get(at + 2).is_some_and(Token::is_name) {
                        path.push(text(at + 2).to_owned());
                        at += 2;
                    }
                    let is_call = ["(", "!"].contains(&text(at + 1));
                    let is_value = path.len() == 1 && path[0].starts_with(|c: char| c.is_lowercase());
                    // A lower-case name alone is a variable or a field, unless it is called.
                    if !is_value || is_call {
                        file.paths.push((line, absolute(path, &inside(module, &inline))));
                    }
                }
                _ => {}
            }
            at += 1;
        }
        file
    }

    /// Adds what a `use` tree names: `a::{b, c::*, d as e}`.
    fn import(&mut self, tree: &[Token<'_>], prefix: &mut Path, is_public: bool, here: &[String]) {
        let length = prefix.len();
        let mut renamed = None;
        let mut at = 0;
        while at < tree.len() {
            match tree[at].text {
                "{" => {
                    for branch in branches(&tree[at + 1..tree.len() - 1]) {
                        self.import(branch, prefix, is_public, here);
                    }
                    prefix.truncate(length);
                    return;
                }
                "as" => {
                    renamed = tree.get(at + 1).map(|token| token.text.to_owned());
                    break;
                }
                "::" => {}
                "self" if !prefix.is_empty() => {}
                name => prefix.push(name.to_owned()),
            }
            at += 1;
        }
        if let (Some(last), Some(first)) = (prefix.last(), tree.first()) {
            let name = renamed.unwrap_or_else(|| last.clone());
            let mut path = prefix.clone();
            path.retain(|segment| segment != "*");
            self.imports.push(Import { line: first.line, name, path: absolute(path, here), is_public });
        }
        prefix.truncate(length);
    }
}

fn inside(module: &[String], inline: &[(String, usize)]) -> Path {
    module.iter().cloned().chain(inline.iter().map(|(name, _)| name.clone())).collect()
}

/// The parts of `a, b::{c, d}` between the outer commas.
fn branches<'t, 'a>(list: &'t [Token<'a>]) -> Vec<&'t [Token<'a>]> {
    let mut depth = 0;
    let parts = list.split(move |token| {
        match token.text {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        token.text == "," && depth == 0
    });
    parts.filter(|part| !part.is_empty()).collect()
}

/// Replaces `self` and `super` at the beginning. A path that begins with another name stays as it is.
fn absolute(path: Path, here: &[String]) -> Path {
    let supers = path.iter().take_while(|segment| *segment == "super").count();
    let is_self = path.first().is_some_and(|segment| segment == "self");
    if supers == 0 && !(is_self && path.len() > 1) {
        return path;
    }
    let base = here.len().saturating_sub(supers);
    here[..base].iter().cloned().chain(path.into_iter().skip(supers + usize::from(is_self))).collect()
}
