//! The circles of a graph, each as short as possible.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::tidy::circles::graph::Graph;

/// For each file that is in a circle, a shortest one; every circle once, beginning with its first file.
pub(super) fn circles<'a>(graph: &Graph<'a>) -> BTreeSet<Vec<&'a str>> {
    let found = graph.keys().filter_map(|file| through(graph, file));
    found
        .map(|mut circle| {
            let first = circle.iter().enumerate().min_by_key(|(_, file)| **file).map_or(0, |(at, _)| at);
            circle.rotate_left(first);
            circle
        })
        .collect()
}

/// A shortest circle through a file.
fn through<'a>(graph: &Graph<'a>, file: &'a str) -> Option<Vec<&'a str>> {
    let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut waiting = VecDeque::from([file]);
    while let Some(from) = waiting.pop_front() {
        for to in graph.get(from).into_iter().flat_map(BTreeMap::keys).copied() {
            if to == file {
                let mut circle = vec![from];
                while let Some(before) =
                    circle.last().filter(|last| **last != file).and_then(|last| came_from.get(last))
                {
                    circle.push(before);
                }
                circle.reverse();
                return Some(circle);
            }
            if !came_from.contains_key(to) {
                came_from.insert(to, from);
                waiting.push_back(to);
            }
        }
    }
    None
}
