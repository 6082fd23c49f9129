//! The results of a consumer's transaction: effects, and what happens to its events.

use crate::system::{Property, System};
use crate::world::{Fate, Job, Phase, Scope, World};

/// The job of a worker that has one.
pub(crate) fn job(world: &mut World, index: usize, worker: usize) -> &mut Job {
    world.replicas[index].jobs[worker].as_mut().expect("a worker that has a step has a job")
}

/// The effects of a transaction, with its inbox rows.
pub(crate) fn apply(system: &System, world: &mut World, (index, worker): (usize, usize), fresh: u8) {
    let items = job(world, index, worker).items.clone();
    let mut undecided = world.replicas[index].undecided.clone();
    for (place, item) in items.iter().enumerate() {
        let event = item.message.event;
        let handlers: Vec<u8> = (0..2).filter(|handler| fresh & Job::bit(place, *handler) != 0).collect();
        let at = undecided.iter().position(|undecided| *undecided == event).filter(|_| !item.stale);
        if let Some(at) = at {
            let same_key = |other: &u8| *other != event && system.kind(*other).key == system.kind(event).key;
            if !handlers.is_empty() && undecided[..at].iter().any(same_key) {
                world.broken = Some(Property::HandledInOrder);
            }
            // A duplicate is decided with this commit, too.
            undecided.remove(at);
        }
        for handler in handlers {
            let fact = world.fact_mut(event);
            fact.applied[usize::from(handler)] += 1;
            fact.remembered[usize::from(handler)] = true;
        }
    }
}

/// The transaction has committed, or the consumer believes so.
pub(crate) fn succeed(system: &System, world: &mut World, (index, worker): (usize, usize)) {
    let job = job(world, index, worker);
    match job.scope {
        Scope::Together => {
            let mut done = vec![];
            for item in job.items.iter_mut().filter(|item| item.fate == Fate::Open) {
                item.fate = Fate::Done;
                done.push(*item);
            }
            job.phase = Phase::Settling;
            for item in done.iter().filter(|item| !item.stale) {
                world.replicas[index].decide(item.message.event);
            }
            leave_settled(world, index);
        }
        Scope::Alone { item, handler } => go_on(system, world, (index, worker), item, handler + 1),
    }
}

/// The transaction was rolled back: of several events they are handled one by one, of one event its fate is `fate`.
pub(crate) fn fail(system: &System, world: &mut World, (index, worker): (usize, usize), fate: Fate) {
    let job = job(world, index, worker);
    match job.scope {
        Scope::Together => go_on(system, world, (index, worker), 0, 0),
        Scope::Alone { item, .. } if fate == Fate::Dead => {
            job.items[usize::from(item)].fate = fate;
            let decided = job.items[usize::from(item)];
            if !decided.stale {
                world.replicas[index].decide(decided.message.event);
            }
            go_on(system, world, (index, worker), item + 1, 0);
        }
        Scope::Alone { item, handler } => {
            job.items[usize::from(item)].failed = true;
            go_on(system, world, (index, worker), item, handler + 1);
        }
    }
}

/// Continues with the next handler of an item, the next item, or settling.
fn go_on(system: &System, world: &mut World, (index, worker): (usize, usize), mut item: u8, mut handler: u8) {
    let release = world.replicas[index].release;
    loop {
        let job = job(world, index, worker);
        let Some(next) = job.items.get_mut(usize::from(item)) else {
            job.phase = Phase::Settling;
            leave_settled(world, index);
            return;
        };
        if next.fate == Fate::Open && handler < system.handlers_of(release, next.message.event) {
            (job.scope, job.phase) = (Scope::Alone { item, handler }, Phase::Between);
            return;
        }
        if next.fate == Fate::Open {
            next.fate = if next.failed { Fate::Climbs } else { Fate::Done };
            let decided = *next;
            if !decided.stale {
                world.replicas[index].decide(decided.message.event);
            }
        }
        (item, handler) = (item + 1, 0);
    }
}

/// An acknowledgement that covers all earlier deliveries in any state.
pub(crate) fn speak_for_others(world: &mut World, index: usize, worker: usize) {
    for (other, job) in world.replicas[index].jobs.iter_mut().enumerate() {
        if let Some(job) = job.as_mut().filter(|_| other != worker) {
            for item in &mut job.items {
                item.stale = true;
            }
        }
    }
}

/// Removes what can't be settled any more, and jobs that have nothing left.
pub(crate) fn leave_settled(world: &mut World, index: usize) {
    for job in &mut world.replicas[index].jobs {
        let Some(open) = job else { continue };
        if open.phase == Phase::Settling {
            open.items.retain(|item| !item.stale);
            if open.items.is_empty() {
                *job = None;
            }
        }
    }
}
