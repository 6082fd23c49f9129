//! What tests claim about a design in a scenario.

use crate::checker::{Counterexample, Explored, explore};
use crate::design::Design;
use crate::scenario::Scenario;
use crate::system::{Property, System};

/// All properties hold in every order of steps.
#[track_caller]
pub(crate) fn holds(design: Design, scenario: &Scenario) {
    let explored = check(design, scenario);
    assert_eq!(explored.counterexample, None);
}

/// The checker finds an order of steps that violates this property.
#[track_caller]
pub(crate) fn breaks(property: Property, design: Design, scenario: &Scenario) {
    let explored = check(design, scenario);
    assert_eq!(explored.counterexample.map(|found| found.property), Some(property));
}

fn check(design: Design, scenario: &Scenario) -> Explored<Property> {
    let explored = explore(&System { design, scenario: scenario.clone() });
    let Explored { states, transitions, depth, counterexample } = &explored;
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    let found: String = counterexample.iter().map(described).collect();
    // Printed at once, because other tests print, too.
    print!("{test}: {states} states, {transitions} transitions, depth {depth}\n{found}");
    explored
}

fn described(found: &Counterexample<Property>) -> String {
    let steps = found.steps.iter().zip(1..).map(|(step, number)| format!("  {number:2}. {step}"));
    let lines: Vec<String> = std::iter::once(format!("  {:?} is broken by", found.property)).chain(steps).collect();
    lines.join("\n") + "\n"
}
