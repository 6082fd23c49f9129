/** English texts for operators. */
import { plural } from './plural';

const letters = plural('en', { one: '# dead letter', other: '# dead letters' });
const wait = plural('en', { one: '# dead letter waits for a decision.', other: '# dead letters wait for a decision.' });
const silent = plural('en', { one: '# service does not answer.', other: '# services do not answer.' });
const unsent = plural('en', { one: '# unsent event', other: '# unsent events' });
const tries = plural('en', { one: '# try', other: '# tries' });
const bytes = plural('en', { one: '# byte', other: '# bytes' });
const replayed = plural('en', { one: '# dead letter is handled again.', other: '# dead letters are handled again.' });
const discarded = plural('en', { one: '# dead letter was discarded.', other: '# dead letters were discarded.' });

export const operationsEn = {
  title: 'Operations',
  back: 'Home',
  calm: 'No dead letters: everything was handled.',
  wait,
  silent,
  asOf: (time: string) => `As of ${time}`,
  refresh: 'Refresh now',
  services: 'Services',
  service: {
    unreachable: 'Not reachable',
    unreachableHint: 'Not deployed here, or not running. It is asked again by itself.',
    failed: 'No answer',
    breaker: { closed: 'Handling', open: 'Paused', half_open: 'Trying again' },
    breakerTitle: (state: string) => `Breaker: ${state.replace('_', '-')}`,
    breakerHint: {
      open: 'Something it depends on is down. Events wait in the broker, nothing is lost.',
      half_open: 'One event is tried; if it works, the others follow.',
    },
    deadLetters: 'Dead letters',
    showLetters: (service: string, count: string) => `Show the ${count} dead letters of ${service}`,
    unsent: 'Unsent',
    scheduled: 'Scheduled',
    parked: 'Parked',
    lanesOwned: 'Lanes owned',
    partitions: 'Inbox days',
    lanes: 'Lanes of the outbox',
    lane: (lane: number, count: number, age: string | null) =>
      `Lane ${lane}: ${unsent(count)}${age === null ? '' : `, the oldest ${age} old`}`,
  },
  letters: {
    title: 'Dead letters',
    states: { open: 'Open', replayed: 'Replayed', discarded: 'Discarded' },
    state: 'State',
    service: 'Service',
    allServices: 'All services',
    direction: 'Direction',
    allDirections: 'Both directions',
    directions: { incoming: 'Not handled', outgoing: 'Not delivered' },
    type: 'Type of event',
    allTypes: 'All types',
    reason: 'Search the reasons',
    clear: 'Clear the filter',
    open: (type: string, service: string, reason: string) => `${type}, ${service}: ${reason}`,
    tries,
    more: 'Show older ones',
    loadingMore: 'Loading…',
    empty: 'No dead letters: everything was handled',
    emptyHint: 'What can’t be handled or delivered, however often it is tried, waits here for your decision.',
    emptySettled: { replayed: 'Nothing was replayed yet', discarded: 'Nothing was discarded yet' },
    emptySettledHint: 'What you decide about dead letters stays on record here.',
    emptyFiltered: 'No dead letter matches',
    emptyFilteredHint: 'Look for something else, or at all of them.',
    failed: 'Dead letters can’t be shown',
    missing: (services: string) => `Not reachable: ${services}. Dead letters may be missing or out of date here.`,
    replayAll: 'Replay all…',
    discardAll: 'Discard all…',
    done: { replay: replayed, discard: discarded },
  },
  letter: {
    title: 'Dead letter',
    why: { incoming: 'Why it was not handled', outgoing: 'Why it was not delivered' },
    service: 'Service',
    direction: 'Direction',
    attempts: 'Tries',
    failedAt: 'Failed',
    occurredAt: 'Happened',
    settledAt: 'Settled',
    orderingKey: 'Ordering key',
    eventId: 'Event ID',
    correlationId: 'Correlation ID',
    traceId: 'Trace ID',
    exchange: 'Exchange',
    routingKey: 'Routing key',
    contentType: 'Content type',
    payload: 'Payload',
    noPayload: 'The payload is empty.',
    notText: (size: number) => `${bytes(size)} that are no text, in Base64`,
    copy: (what: string) => `Copy: ${what}`,
    replay: 'Replay',
    discard: 'Discard',
    replayHint: {
      incoming: 'It goes to its handler again. If it fails again, it comes back here.',
      outgoing: 'It is published again. If it can’t be delivered, it comes back here.',
    },
    discardQuestion: 'Discard it? It will never be handled, and this can’t be undone.',
    discardYes: 'Yes, discard',
    keep: 'Keep',
    settledAlready: 'Somebody else has settled it meanwhile.',
    notFound: 'There is no such dead letter',
    notFoundHint: 'It may have been removed after its time on record.',
    failed: 'The dead letter can’t be shown',
    notSettled: 'It was not settled',
  },
  all: {
    title: {
      replay: (count: number, more: boolean) => `Replay ${more ? 'more than ' : ''}${letters(count)}?`,
      discard: (count: number, more: boolean) => `Discard ${more ? 'more than ' : ''}${letters(count)}?`,
    },
    counting: 'Counting…',
    nothing: 'Nothing matches any more',
    hint: {
      replay: 'Each is handled or published again. What fails again comes back here.',
      discard: 'They will never be handled or published, and this can’t be undone.',
    },
    untouched: 'What fails from now on is not touched.',
    only: (what: string) => `Only: ${what}`,
    onlyReason: (reason: string) => `reason with “${reason}”`,
    yes: {
      replay: (count: string) => `Replay ${count}`,
      discard: (count: string) => `Discard ${count}`,
    },
    working: 'Working…',
    cancel: 'Cancel',
    close: 'Close',
    unasked: (service: string) => `${service} did not answer. Its dead letters stay as they are.`,
  },
};

export type OperationsWords = typeof operationsEn;
