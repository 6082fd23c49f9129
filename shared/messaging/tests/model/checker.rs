//! An exhaustive model checker: every state that any order of steps can reach, breadth first, with the shortest path to
//! a violation.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::hash::{BuildHasherDefault, Hash, Hasher};

/// The system to explore.
pub(crate) trait Model {
    /// The complete state at one moment.
    type State: Clone + Eq + Hash;
    /// A transition.
    type Step: Copy + fmt::Display;
    /// A property.
    type Property: Copy + fmt::Debug + Eq;

    /// The property that from every state a quiet state is reachable by promised steps alone.
    const LIVENESS: Self::Property;

    /// The initial state.
    fn initial(&self) -> Self::State;
    /// All steps that are possible in a state, with the resulting states.
    fn steps(&self, state: &Self::State) -> Vec<(Self::Step, Self::State)>;
    /// Whether a step happens eventually: it is not a fault, and not an action of a person.
    fn is_promised(step: &Self::Step) -> bool;
    /// The property that a state violates.
    fn broken(&self, state: &Self::State) -> Option<Self::Property>;
    /// Whether nothing is left to do.
    fn is_quiet(&self, state: &Self::State) -> bool;
}

/// The steps from the initial state to a state that violates a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counterexample<P> {
    pub(crate) property: P,
    pub(crate) steps: Vec<String>,
}

/// The result of an exploration. It ends at the first counterexample.
#[derive(Debug)]
pub(crate) struct Explored<P> {
    pub(crate) states: usize,
    pub(crate) transitions: usize,
    pub(crate) depth: u32,
    pub(crate) counterexample: Option<Counterexample<P>>,
}

/// How a state was first reached; `None` for the initial state.
struct Way<S> {
    from: Option<(u32, S)>,
    depth: u32,
}

/// Explores all states.
///
/// Breadth first, so a counterexample is as short as possible. If no state violates a property, the promised steps are
/// followed backwards from the quiet states: a state that is not reached this way can never become quiet.
pub(crate) fn explore<M: Model>(model: &M) -> Explored<M::Property> {
    let mut known: HashMap<M::State, u32, BuildHasherDefault<Mixer>> = HashMap::default();
    let mut ways: Vec<Way<M::Step>> = vec![Way { from: None, depth: 0 }];
    let (mut promised, mut quiet) = (vec![], vec![]);
    let (mut layer, mut transitions) = (vec![(0, model.initial())], 0);
    known.insert(model.initial(), 0);
    while !layer.is_empty() {
        let mut next_layer = vec![];
        for (index, state) in layer {
            let depth = ways[index as usize].depth;
            if let Some(property) = model.broken(&state) {
                let counterexample = Some(Counterexample { property, steps: way_to(&ways, index) });
                return Explored { states: known.len(), transitions, depth, counterexample };
            }
            if model.is_quiet(&state) {
                quiet.push(index);
            }
            for (step, next) in model.steps(&state) {
                transitions += 1;
                let found = u32::try_from(ways.len()).expect("fewer states than a u32 counts");
                let to = match known.entry(next) {
                    Entry::Occupied(known) => *known.get(),
                    Entry::Vacant(new) => {
                        next_layer.push((found, new.key().clone()));
                        new.insert(found);
                        ways.push(Way { from: Some((index, step)), depth: depth + 1 });
                        found
                    }
                };
                if M::is_promised(&step) {
                    promised.push((to, index));
                }
            }
        }
        layer = next_layer;
    }
    let counterexample = first_that_never_rests(ways.len(), promised, quiet)
        .map(|index| Counterexample { property: M::LIVENESS, steps: way_to(&ways, index) });
    let depth = ways.last().map_or(0, |way| way.depth);
    Explored { states: known.len(), transitions, depth, counterexample }
}

/// `promised` holds steps as pairs of target and source.
fn first_that_never_rests(states: usize, mut promised: Vec<(u32, u32)>, quiet: Vec<u32>) -> Option<u32> {
    promised.sort_unstable();
    let mut rests = vec![false; states];
    let mut open = quiet;
    while let Some(index) = open.pop() {
        if std::mem::replace(&mut rests[index as usize], true) {
            continue;
        }
        let first = promised.partition_point(|(to, _)| *to < index);
        let before = promised[first..].iter().take_while(|(to, _)| *to == index);
        open.extend(before.map(|(_, from)| *from).filter(|from| !rests[*from as usize]));
    }
    let index = rests.iter().position(|rests| !rests)?;
    u32::try_from(index).ok()
}

fn way_to<S: Copy + fmt::Display>(ways: &[Way<S>], mut index: u32) -> Vec<String> {
    let mut steps = vec![];
    while let Some((before, step)) = ways[index as usize].from {
        steps.push(step.to_string());
        index = before;
    }
    steps.reverse();
    steps
}

/// A quick hash: the standard one takes most of the time of an unoptimised build, and this map has no hostile input.
///
/// Source: the multiplication of `rustc-hash`.
#[derive(Default)]
struct Mixer(u64);

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u8(*byte);
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(value.into());
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }

    fn write_isize(&mut self, value: isize) {
        self.write_u64(value.cast_unsigned() as u64);
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn finish(&self) -> u64 {
        // The map takes its buckets from the low bits, which a multiplication mixes least.
        self.0.rotate_left(26)
    }
}
