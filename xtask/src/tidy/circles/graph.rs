//! Which file of a crate uses which: names are followed through re-exports to the file that defines them.

use std::collections::BTreeMap;

use crate::tidy::circles::file::{File, Path};
use crate::tidy::sources::Source;

/// The files that each file uses, with the line of the first use.
pub(super) type Graph<'a> = BTreeMap<&'a str, BTreeMap<&'a str, usize>>;

/// More re-exports in a row are a mistake of this reader.
const STEPS_MAX: usize = 16;

/// The files of one crate, by module.
pub(super) struct Crate<'a> {
    modules: BTreeMap<Path, (&'a str, File)>,
}

impl<'a> Crate<'a> {
    /// Reads the files of `folder/src`. Other roots than the library's, or than that of a crate with a program only,
    /// are not read: a program uses its library by the crate's name.
    pub(super) fn read(folder: &str, sources: &[&'a Source]) -> Self {
        let inside = |source: &&'a Source| source.path.strip_prefix(folder)?.strip_prefix("/src/")?.strip_suffix(".rs");
        let root = if sources.iter().any(|source| inside(source) == Some("lib")) { "lib" } else { "main" };
        let mut modules = BTreeMap::new();
        for source in sources {
            let Some(inside) = inside(source) else { continue };
            let mut module = vec!["crate".to_owned()];
            if inside != root {
                module.extend(inside.trim_end_matches("/mod").split('/').map(str::to_owned));
            }
            let file = File::read(&source.text, &module);
            modules.insert(module, (source.path.as_str(), file));
        }
        let mut it = Self { modules };
        it.drop_undeclared();
        it
    }

    /// Removes files that no parent declares: other programs, and modules of tests.
    fn drop_undeclared(&mut self) {
        // Parents come before their children in the order of the map.
        for module in self.modules.keys().cloned().collect::<Vec<_>>() {
            let Some((name, parent)) = module.split_last() else { continue };
            let is_declared =
                parent.is_empty() || self.modules.get(parent).is_some_and(|(_, file)| file.children.contains(name));
            if !is_declared {
                self.modules.remove(&module);
            }
        }
    }

    /// Which file uses which.
    pub(super) fn graph(&self) -> Graph<'a> {
        let mut graph = Graph::new();
        for (module, (path, file)) in &self.modules {
            let uses = graph.entry(*path).or_default();
            let mut add = |target: Option<&'a str>, line: usize| {
                if let Some(target) = target.filter(|target| target != path) {
                    uses.entry(target).and_modify(|first: &mut usize| *first = line.min(*first)).or_insert(line);
                }
            };
            for import in file.imports.iter().filter(|import| !import.is_public) {
                if import.name == "*" {
                    add(self.body(&import.path).map(|(path, _)| *path), import.line);
                } else {
                    add(self.defining(&import.path, module, 0), import.line);
                }
            }
            for (line, path) in &file.paths {
                add(self.defining(path, module, 0), *line);
            }
        }
        graph
    }

    /// The file whose text is the body of a module.
    fn body(&self, module: &[String]) -> Option<&(&'a str, File)> {
        self.modules.get(module)
    }

    /// The file that defines what `path` names in the module `here`; `None` for a module and for other crates.
    fn defining(&self, path: &[String], here: &[String], steps: usize) -> Option<&'a str> {
        let (first, after) = path.split_first()?;
        if steps > STEPS_MAX {
            return None;
        }
        if first != "crate" {
            // Relative: a child, an imported name, or another crate.
            let (_, file) = self.body(here)?;
            let is_child = file.children.contains(first);
            let is_known = is_child || file.imports.iter().any(|import| import.name == *first);
            return is_known.then(|| self.within(here, path, steps)).flatten();
        }
        self.within(std::slice::from_ref(first), after, steps)
    }

    /// The file that defines what `rest` names in `module`.
    fn within(&self, module: &[String], rest: &[String], steps: usize) -> Option<&'a str> {
        let (first, after) = rest.split_first()?;
        let (path, file) = self.body(module)?;
        let imported = || file.imports.iter().find(|import| import.name == *first);
        if file.children.contains(first) && !(after.is_empty() && imported().is_some()) {
            let child: Path = module.iter().chain([first]).cloned().collect();
            return self.within(&child, after, steps);
        }
        if file.items.contains(first) {
            return Some(path);
        }
        if let Some(import) = imported() {
            let full: Path = import.path.iter().chain(after).cloned().collect();
            // `use order::order` beside `mod order`: the path begins with the child, not with itself.
            return self.defining(&full, module, steps + 1);
        }
        let globs = file.imports.iter().filter(|import| import.name == "*");
        let mut through = globs.filter_map(|glob| {
            let full: Path = glob.path.iter().chain(rest).cloned().collect();
            self.defining(&full, module, steps + 1)
        });
        through.next()
    }
}
