//! A replica of the consumer: takes deliveries, handles them in transactions, and settles them.

use crate::broker::distinct;
use crate::design::{AbortedCommit, Acknowledgement, HandlerPanic, NoPartition, UnknownType};
use crate::outcome::{apply, fail, job, leave_settled, speak_for_others, succeed};
use crate::scenario::{Fault, Handling, Release};
use crate::system::{AT_A_TIME, RUNGS, Steps, System, Who};
use crate::world::{Fate, Item, Job, Life, Message, Phase, Scope, World, dequeue, enqueue};

/// All steps of all replicas.
pub(crate) fn steps(steps: &mut Steps<'_>) {
    for (index, replica) in steps.world.replicas.iter().enumerate() {
        let who = Who::Consumer(index, replica.release);
        match replica.life {
            Life::Mute => {}
            Life::Down => steps.add(who, "starts", 0, |world| world.replicas[index].life = Life::Consumes),
            Life::Consumes => {
                interruptions(steps, index, who);
                deliver(steps, index, who);
                for worker in 0..usize::from(steps.system.design.workers) {
                    match &replica.jobs[worker] {
                        Some(job) => Work { steps, index, worker, who, job }.steps(),
                        None => take(steps, index, worker, who),
                    }
                }
            }
        }
        releases(steps, index, who);
    }
}

fn interruptions(steps: &mut Steps<'_>, index: usize, who: Who) {
    let system = steps.system;
    if steps.world.replicas[index].held() == 0 {
        // Nothing would change.
        return;
    }
    steps.fault(Fault::ConsumerCrash, (who, "is killed", 0), |world| stop(system, world, index, Life::Down));
    steps.fault(Fault::Disconnect, (who, "loses its connection to the broker", 0), |world| {
        let replica = &mut world.replicas[index];
        let mut back = std::mem::take(&mut replica.waiting);
        replica.undecided.clear();
        for item in replica.jobs.iter_mut().flatten().flat_map(|job| &mut job.items) {
            if !std::mem::replace(&mut item.stale, true) {
                back.push(item.message);
            }
        }
        leave_settled(world, index);
        for message in back {
            system.hand_back(world, message);
        }
    });
}

/// Transactions roll back, and unacknowledged messages are delivered again.
fn stop(system: &System, world: &mut World, index: usize, life: Life) {
    let replica = &mut world.replicas[index];
    replica.life = life;
    replica.undecided.clear();
    let mut back = std::mem::take(&mut replica.waiting);
    for job in &mut replica.jobs {
        let items = job.take().map(|job| job.items).unwrap_or_default();
        back.extend(items.into_iter().filter(|item| !item.stale).map(|item| item.message));
    }
    for message in back {
        system.hand_back(world, message);
    }
}

fn releases(steps: &mut Steps<'_>, index: usize, who: Who) {
    let system = steps.system;
    match steps.world.replicas[index].release {
        Release::Old if system.scenario.rollout_within_ladder => {
            steps.add(who, "is replaced by the new release", 0, |world| {
                stop(system, world, index, Life::Down);
                world.replicas[index].release = Release::New;
            });
        }
        Release::Old => {}
        Release::New => {
            steps.fault(Fault::Rollback, (who, "is rolled back to the old release", 0), |world| {
                stop(system, world, index, Life::Down);
                world.replicas[index].release = Release::Old;
            });
        }
    }
}

fn deliver(steps: &mut Steps<'_>, index: usize, who: Who) {
    if steps.world.replicas[index].held() >= AT_A_TIME {
        return;
    }
    for message in distinct(&steps.world.inbox) {
        steps.add(who, "receives", 1 << message.event, |world| {
            dequeue(&mut world.inbox, message);
            let replica = &mut world.replicas[index];
            replica.waiting.push(message);
            replica.undecided.push(message.event);
        });
    }
}

/// A worker takes everything that has arrived for it.
fn take(steps: &mut Steps<'_>, index: usize, worker: usize, who: Who) {
    let system = steps.system;
    let design = &system.design;
    let replica = &steps.world.replicas[index];
    let is_mine = |message: &Message| {
        let of = system.kind(message.event).key % design.workers;
        !design.workers_own_keys || usize::from(of) == worker
    };
    let mut taken: Vec<Message> = replica.waiting.iter().copied().filter(is_mine).collect();
    if !design.workers_own_keys {
        taken.truncate(1);
    }
    let events = taken.iter().fold(0, |events, message| events | 1 << message.event);
    if taken.is_empty() {
        return;
    }
    steps.add(who, "begins with", events, |world| {
        let replica = &mut world.replicas[index];
        let mut items = vec![];
        for message in taken {
            dequeue(&mut replica.waiting, message);
            let fate = match (system.handlers_of(replica.release, message.event), design.unknown_type) {
                (0, UnknownType::DeadLetters) => Fate::Dead,
                (0, UnknownType::ClimbsLadder) => Fate::Climbs,
                _ => Fate::Open,
            };
            if fate != Fate::Open {
                replica.decide(message.event);
            }
            items.push(Item { message, fate, failed: false, stale: false });
        }
        let all_decided = items.iter().all(|item| item.fate != Fate::Open);
        let phase = if all_decided { Phase::Settling } else { Phase::Between };
        replica.jobs[worker] = Some(Job { items, scope: Scope::Together, phase });
    });
}

/// A job of a worker of a replica.
struct Work<'a, 'b> {
    steps: &'a mut Steps<'b>,
    index: usize,
    worker: usize,
    who: Who,
    job: &'a Job,
}

impl Work<'_, '_> {
    fn steps(mut self) {
        match self.job.phase {
            Phase::Between => self.record(),
            Phase::Recorded { fresh } => self.handle(fresh),
            Phase::Handled { fresh, aborted } => self.commit(fresh, aborted),
            Phase::Settling => self.settle(),
        }
    }

    /// The events of the transaction, as bits.
    fn events(&self) -> u8 {
        self.job.in_scope().fold(0, |events, (_, item)| events | 1 << item.message.event)
    }

    fn record(&mut self) {
        let (system, world) = (self.steps.system, self.steps.world);
        let (index, worker, who) = (self.index, self.worker, self.who);
        let mut scope = self.job.in_scope().map(|(_, item)| item.message.event);
        if let Some(event) = scope.find(|event| !world.has_partition(world.fact(*event).day)) {
            match system.no_partition(world, event) {
                NoPartition::Create => self.steps.add(who, "creates the partition of", 1 << event, |world| {
                    world.partitions |= 1 << world.fact(event).day;
                }),
                NoPartition::Wait => {}
                NoPartition::DeadLetters => self.steps.add(who, "has no partition for", 1 << event, |world| {
                    fail(system, world, (index, worker), Fate::Dead);
                }),
            }
            return;
        }
        // The insert waits for another transaction that has inserted the same row and has not ended.
        if self.job.in_scope().any(|(_, item)| world.has_uncommitted_inbox_rows(item.message.event)) {
            return;
        }
        let fresh = self.fresh();
        self.steps.add(who, "records", self.events(), |world| {
            job(world, index, worker).phase = Phase::Recorded { fresh };
        });
    }

    /// The handlers and items without an inbox row, as bits of [`Job::bit`].
    fn fresh(&self) -> u8 {
        let (system, world) = (self.steps.system, self.steps.world);
        let release = world.replicas[self.index].release;
        let (mut fresh, mut seen) = (0, vec![]);
        for (place, item) in self.job.in_scope() {
            let event = item.message.event;
            for handler in 0..system.handlers_of(release, event) {
                let is_in_scope = match self.job.scope {
                    Scope::Together => true,
                    Scope::Alone { handler: only, .. } => only == handler,
                };
                let remembered = system.design.remembers && world.fact(event).remembered[usize::from(handler)];
                if is_in_scope && !remembered && !seen.contains(&event) {
                    fresh |= Job::bit(place, handler);
                }
            }
            seen.push(event);
        }
        fresh
    }

    fn handle(&mut self, fresh: u8) {
        let system = self.steps.system;
        let (index, worker, who, events) = (self.index, self.worker, self.who, self.events());
        let runs = |handling: Handling| {
            self.job.items.iter().enumerate().any(|(place, item)| {
                let handlers = system.kind(item.message.event).handling.into_iter().zip(0..);
                let mut runs = handlers.filter(|(_, handler)| fresh & Job::bit(place, *handler) != 0);
                runs.any(|(does, _)| does == handling)
            })
        };
        let failed = move |world: &mut World| fail(system, world, (index, worker), Fate::Climbs);
        let panicked = move |world: &mut World| match system.design.handler_panic {
            HandlerPanic::Consumption => stop(system, world, index, Life::Mute),
            HandlerPanic::Process => stop(system, world, index, Life::Down),
            HandlerPanic::Try => fail(system, world, (index, worker), Fate::Climbs),
        };
        let (panics, fails) = (runs(Handling::Panics), runs(Handling::Fails));
        if panics {
            self.steps.add(who, "panics in a handler of", events, panicked);
        }
        if fails {
            self.steps.add(who, "fails to handle", events, failed);
        }
        if panics || fails {
            return;
        }
        let handled =
            |aborted| move |world: &mut World| job(world, index, worker).phase = Phase::Handled { fresh, aborted };
        self.steps.add(who, "handles", events, handled(false));
        if fresh == 0 {
            return;
        }
        self.steps.fault(Fault::HandlerError, (who, "fails once to handle", events), failed);
        self.steps.fault(Fault::HandlerPanic, (who, "panics once in a handler of", events), panicked);
        let tolerates = "tolerates a failed statement in a handler of";
        self.steps.fault(Fault::AbortedHandler, (who, tolerates, events), handled(true));
    }

    fn commit(&mut self, fresh: u8, aborted: bool) {
        let system = self.steps.system;
        let (index, worker, who, events) = (self.index, self.worker, self.who, self.events());
        let place = (index, worker);
        if aborted {
            match system.design.aborted_commit {
                AbortedCommit::Succeeds => {
                    let does = "commits, is answered ROLLBACK, and takes for done";
                    self.steps.add(who, does, events, |world| succeed(system, world, place));
                }
                AbortedCommit::Fails => {
                    let does = "commits, is answered ROLLBACK, and fails with";
                    self.steps.add(who, does, events, |world| fail(system, world, place, Fate::Climbs));
                }
            }
            return;
        }
        self.steps.add(who, "commits", events, |world| {
            apply(system, world, place, fresh);
            succeed(system, world, place);
        });
        let unknown = (who, "commits, and the answer is lost, of", events);
        self.steps.fault(Fault::UnknownCommit, unknown, |world| {
            apply(system, world, place, fresh);
            fail(system, world, place, Fate::Climbs);
        });
    }

    fn settle(&mut self) {
        let (index, worker, who) = (self.index, self.worker, self.who);
        let system = self.steps.system;
        for (place, item) in self.job.items.iter().enumerate() {
            let message = item.message;
            let event = message.event;
            let climbs = item.fate == Fate::Climbs && message.climbed < RUNGS;
            match item.fate {
                Fate::Done | Fate::Copied => self.steps.add(who, "acknowledges", 1 << event, |world| {
                    job(world, index, worker).items.remove(place);
                    if system.design.acknowledgement == Acknowledgement::UpTo {
                        speak_for_others(world, index, worker);
                    }
                    leave_settled(world, index);
                }),
                Fate::Climbs if climbs => self.steps.add(who, "sends up the ladder", 1 << event, |world| {
                    job(world, index, worker).items[place].fate = Fate::Copied;
                    let copy = Message { climbed: message.climbed + 1, interrupted: 0, ..message };
                    enqueue(&mut world.ladder, copy);
                }),
                Fate::Climbs | Fate::Dead => self.steps.add(who, "sends to the dead letters", 1 << event, |world| {
                    job(world, index, worker).items[place].fate = Fate::Copied;
                    enqueue(&mut world.dead, Message::new(event));
                    system.give_up(world, event);
                }),
                Fate::Open => {}
            }
        }
    }
}
