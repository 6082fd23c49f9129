/** Logs the changes of a shared cheque. */
import type { Activity, Tone } from '../activity/activity.svelte';
import type { Failure } from '../api/failure';
import type { Participant } from '../api/model';
import { failureWords, reasonWords } from '../i18n/failure-words';
import type { Speech } from '../i18n/speech.svelte';
import type { Change } from './changes';
import { isWhole, partText } from './part';
import { nameOf } from './person-name';
import { tipText } from './tip';
import { titleOf } from './title';

const TONES: Record<Change['what'], Tone> = {
  joined: 'quiet',
  renamed: 'quiet',
  left: 'quiet',
  took: 'quiet',
  gaveBack: 'quiet',
  method: 'quiet',
  tip: 'quiet',
  corrected: 'quiet',
  named: 'quiet',
  confirmed: 'good',
  paying: 'wait',
  paid: 'good',
  cash: 'good',
  refunded: 'quiet',
  joining: 'quiet',
  negative: 'quiet',
  rate: 'quiet',
  notPaid: 'bad',
  settled: 'good',
};

export function logChange(activity: Activity, change: Change, you: number | null): void {
  const mine = 'who' in change && change.who.id === you;
  const tone = mine && TONES[change.what] === 'quiet' ? 'deed' : TONES[change.what];
  activity.tell(tone, (speech) => sentence(speech, change, mine));
}

/** Logs a rejected claim. */
export function logRefused(activity: Activity, line: string, failure: Failure): void {
  activity.tell('bad', ({ words }) => words.cheque.log.refused(line, failureWords(words, failure)));
}

function sentence(speech: Speech, change: Change, mine: boolean): string {
  const { words } = speech;
  const texts = words.cheque.log;
  const name = (who: Participant) => nameOf(words, who);
  switch (change.what) {
    case 'joined':
      return mine ? texts.youJoined : texts.joined(name(change.who));
    case 'renamed':
      return texts.renamed(name({ ...change.who, name: change.before }), name(change.who));
    case 'left':
      return texts.left(name(change.who));
    case 'took': {
      const part = isWhole(change.part) ? '' : ` ${partText(change.part)}`;
      return mine ? texts.youTook(change.line + part) : texts.took(name(change.who), change.line + part);
    }
    case 'gaveBack':
      return mine ? texts.youGaveBack(change.line) : texts.gaveBack(name(change.who), change.line);
    case 'method':
      return texts.method(words.cheque.methods[change.method]);
    case 'tip':
      return texts.tip(tipText(speech, change.tip));
    case 'corrected':
      return texts.corrected;
    case 'named':
      return texts.named(titleOf(speech, change.cheque, change.createdAt));
    case 'confirmed':
      return texts.confirmed;
    case 'paying':
      return mine ? texts.youPaying : texts.paying(name(change.who));
    case 'paid':
      return mine ? texts.youPaid : texts.paid(name(change.who));
    case 'cash':
      return mine ? texts.youCash : texts.cash(name(change.who));
    case 'refunded':
      return mine ? texts.youRefunded : texts.refunded(name(change.who));
    case 'joining':
      return change.open ? texts.joiningOpen : texts.joiningClosed;
    case 'rate':
      return change.rate === null ? texts.noRate : texts.rate(String(change.rate));
    case 'negative':
      return texts.negative;
    case 'notPaid': {
      const why = reasonWords(words, change.reason);
      return mine ? texts.youNotPaid(why) : texts.notPaid(name(change.who));
    }
    case 'settled':
      return texts.settled;
  }
}
