//! Files of a crate do not use each other in a circle.
//!
//! A file that declares or re-exports a module does not use it by that alone.

pub(super) mod file;
mod graph;
mod shortest;

use std::collections::BTreeMap;

use crate::tidy::circles::graph::Crate;
use crate::tidy::finding::Finding;
use crate::tidy::sources::Source;

const WHY: &str = "a file of a circle can be read, tested and moved only with all others of it";

/// Checks all crates.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let mut crates: BTreeMap<&str, Vec<&Source>> = BTreeMap::new();
    for source in sources.iter().filter(|source| source.is("rs")) {
        if let Some((folder, _)) = source.path.split_once("/src/") {
            crates.entry(folder).or_default().push(source);
        }
    }
    crates.iter().flat_map(|(folder, sources)| check_crate(folder, sources)).collect()
}

fn check_crate(folder: &str, sources: &[&Source]) -> Vec<Finding> {
    let graph = Crate::read(folder, sources).graph();
    let inside = |path: &str| path.strip_prefix(folder).unwrap_or(path).trim_start_matches("/src/").to_owned();
    let describe = |circle: Vec<&str>| {
        let followers = circle.iter().skip(1).chain(circle.first());
        let line = |from: &str, to: &str| graph.get(from).and_then(|uses| uses.get(to)).copied().unwrap_or(1);
        let steps: Vec<String> = circle
            .iter()
            .zip(followers)
            .map(|(from, to)| format!("{}:{} uses {}", inside(from), line(from, to), inside(to)))
            .collect();
        let begin = circle.first()?;
        let text = format!("a circle of files: {}", steps.join(", "));
        Some(Finding::error(begin, line(begin, circle.get(1)?), text, WHY))
    };
    shortest::circles(&graph).into_iter().filter_map(describe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(files: &[(&str, &str)]) -> Vec<String> {
        let source =
            |(path, text): &(&str, &str)| Source { path: format!("a/src/{path}.rs"), text: (*text).to_owned() };
        let sources: Vec<Source> = files.iter().map(source).collect();
        check(&sources).into_iter().map(|finding| finding.to_string()).collect()
    }

    const LIB: (&str, &str) = ("lib", "mod b;\nmod c;\nmod d;\n");

    #[test]
    fn a_circle_is_refused_with_the_line_of_each_import() {
        let found = findings(&[
            LIB,
            ("b", "\nuse crate::c::C;\nstruct B;"),
            ("c", "struct C;\nfn f() {\n    super::d::d();\n}"),
            ("d", "use crate::{\n    b::B,\n};\nfn d() {}"),
        ]);
        let steps = "b.rs:2 uses c.rs, c.rs:3 uses d.rs, d.rs:2 uses b.rs";
        assert_eq!(found, [format!("a/src/b.rs:2: a circle of files: {steps} ({WHY})")]);
    }

    #[test]
    fn a_tree_is_no_circle() {
        let tree = [LIB, ("b", "use crate::{c::C, d};\nfn f() { d::d(); }"), ("c", "use super::d::D; struct C;")];
        assert_eq!(findings(&[&tree[..], &[("d", "struct D;\nfn d() {}")]].concat()), [""; 0]);
    }

    #[test]
    fn uses_in_tests_and_comments_make_no_circle() {
        let back = "/// [`crate::b::B`]\nstruct C; // crate::b\n#[cfg(test)]\nmod tests { use crate::b::B; }";
        assert_eq!(findings(&[LIB, ("b", "use crate::c::C;\nstruct B;"), ("c", back), ("d", "")]), [""; 0]);
    }

    #[test]
    fn a_parent_that_declares_and_re_exports_a_child_does_not_use_it() {
        let child = ("b/e", "use super::B;\npub struct E;");
        let parent = |text: &'static str| [("lib", "mod b;"), ("b/mod", text), child];
        assert_eq!(findings(&parent("mod e;\npub use e::E;\npub struct B;")), [""; 0]);
        assert_eq!(findings(&parent("mod e;\nuse e::E;\npub struct B(E);")).len(), 1);
        assert_eq!(findings(&parent("mod e;\npub use e::E;\npub struct B(E);")).len(), 1);
        assert_eq!(findings(&parent("mod e;\npub struct B;\nfn f() { e::E; }")).len(), 1);
    }

    #[test]
    fn a_name_is_followed_through_re_exports() {
        let siblings = [("lib", "mod b;"), ("b/mod", "mod c;\nmod d;\npub use c::*;\npub use self::d::D as E;")];
        let found = findings(
            &[&siblings[..], &[("b/c", "use super::E;\npub struct C;"), ("b/d", "use crate::b::C;\npub struct D;")]]
                .concat(),
        );
        assert_eq!(found.len(), 1, "{found:?}");
    }
}
