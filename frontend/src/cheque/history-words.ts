/** The history of a shared cheque in sentences. */
import type { ActivityEntry, Tone } from '../activity/activity.svelte';
import type { Change, ChequeActivity, SharedCheque } from '../api/model';
import { reasonWords } from '../i18n/failure-words';
import type { Speech } from '../i18n/speech.svelte';
import type { Thousandths } from '../money/amount';
import type { MoneyFormat } from '../money/format';
import { quantityText } from '../money/quantity';
import { person } from './look-up';
import { isWhole, partText } from './part';
import { nameOf } from './person-name';
import { titleOf } from './title';

type Who = { id: number; name: string | null };

/** One entry per change, newest first. */
export function entriesOf(shared: SharedCheque, activities: ChequeActivity[], money: MoneyFormat): ActivityEntry[] {
  return activities.flatMap(({ version, at, by, times = 1, changes }) =>
    changes
      .map((change, index): ActivityEntry => {
        const mine = 'who' in change && change.who.id === shared.you;
        const tone = mine && toneOf(change) === 'quiet' ? 'deed' : toneOf(change);
        const say = (speech: Speech) => {
          const text = new Narrator(speech, shared, money, by).tell(change);
          return times > 1 ? speech.words.cheque.log.times(text, times) : text;
        };
        return { id: `${version}.${index}`, at: new Date(at), tone, say, orderId: null };
      })
      .reverse(),
  );
}

function toneOf(change: Change): Tone {
  switch (change.what) {
    case 'confirmed':
    case 'transferred':
    case 'settled':
      return 'good';
    case 'outside':
      return change.amount > 0n ? 'good' : 'quiet';
    case 'transferring':
    case 'reported':
      return 'wait';
    case 'refused':
      return 'bad';
    default:
      return 'quiet';
  }
}

class Narrator {
  constructor(
    readonly speech: Speech,
    readonly shared: SharedCheque,
    readonly money: MoneyFormat,
    readonly by: number | null,
  ) {}

  tell(change: Change): string {
    const { words } = this.speech;
    const texts = words.cheque.log;
    switch (change.what) {
      case 'joined':
        return this.isYou(change.who) ? texts.youJoined : texts.joined(this.name(change.who));
      case 'renamed':
        return texts.renamed(this.name({ ...change.who, name: change.before }), this.name(change.who));
      case 'left':
        return this.by === change.who.id ? texts.left(this.name(change.who)) : texts.removed(this.name(change.who));
      case 'claimed': {
        const part = isWhole(change) ? '' : ` ${partText(change)}`;
        return this.took(change.who, change.line + part);
      }
      case 'released':
        return this.isYou(change.who)
          ? texts.youGaveBack(change.line)
          : texts.gaveBack(this.name(change.who), change.line);
      case 'line_added':
        return texts.lineAdded(change.line, this.amount(change.after));
      case 'line_changed':
        return this.lineChanged(change);
      case 'line_removed':
        return texts.lineRemoved(change.line, this.amount(change.before));
      case 'part':
        return texts.part(this.part(change.part), this.amount(change.before ?? 0n), this.amount(change.after ?? 0n));
      case 'total':
        return texts.total(this.amount(change.before), this.amount(change.after));
      case 'corrected':
        return texts.corrected;
      case 'named':
        return texts.named(titleOf(this.speech, change, this.shared.split.created_at));
      case 'confirmed':
        return texts.confirmed;
      case 'method':
        return texts.method(words.cheque.methods[change.method]);
      case 'tip':
        return texts.tip;
      case 'negative_lines':
        return texts.negative;
      case 'rate':
        return change.rate === null ? texts.noRate : texts.rate(change.rate);
      case 'joining':
        return change.open ? texts.joiningOpen : texts.joiningClosed;
      case 'arrived':
        return texts.arrived(this.name(change.who));
      case 'payers':
        return this.payers(change.payers);
      case 'reported': {
        const amount = this.amount(change.amount);
        return this.isYou(change.who) ? texts.youReported(amount) : texts.reported(this.name(change.who), amount);
      }
      case 'report_dropped':
        return texts.reportDropped(this.name(change.who));
      case 'reminded':
        return this.isYou(change.who) ? texts.youReminded : texts.reminded(this.name(change.who));
      case 'transferring':
        if (change.amount < 0n) return texts.refunding(this.name(change.who), this.amount(-change.amount));
        return this.isYou(change.who) ? texts.youPaying : texts.paying(this.name(change.who));
      case 'transferred':
        if (change.amount < 0n) return this.gotBack(change.who, -change.amount);
        return this.isYou(change.who)
          ? texts.youPaid(this.amount(change.amount), this.to(change.with))
          : texts.paid(this.name(change.who), this.amount(change.amount), this.to(change.with));
      case 'refused': {
        const why = reasonWords(words, change.reason);
        if (change.amount < 0n) return texts.notRefunded(this.name(change.who), why);
        return this.isYou(change.who) ? texts.youNotPaid(why) : texts.notPaid(this.name(change.who));
      }
      case 'outside': {
        if (change.amount < 0n) return this.gotBack(change.who, -change.amount);
        const note = change.how?.note ? ` “${change.how.note}”` : '';
        return texts.outside(this.name(change.who), this.amount(change.amount), this.to(change.with), change.how?.means) + note;
      }
      case 'in_group':
        return change.counts ? texts.inGroup(change.group) : texts.notInGroup(change.group);
      case 'settled':
        return texts.settled;
    }
  }

  /** Everything that is another one: name, quantity, amount. */
  lineChanged(change: Extract<Change, { what: 'line_changed' }>): string {
    const texts = this.speech.words.cheque.log;
    const { line, renamed, before, after, quantity_before, quantity_after } = change;
    const facts = [];
    if (renamed !== undefined) facts.push(texts.lineRenamed(renamed, line));
    if (quantity_before !== undefined && quantity_after !== undefined) {
      facts.push(texts.lineQuantity(line, quantityText(quantity_before), quantityText(quantity_after)));
    }
    if (before !== after || facts.length === 0) {
      facts.push(texts.lineChanged(line, this.amount(before), this.amount(after)));
    }
    return facts.join(' ');
  }

  part(part: 'service' | 'discount' | 'tax' | 'tip' | 'rounding'): string {
    const { parts } = this.speech.words.cheque;
    return part === 'tip' ? parts.printedTip : parts[part];
  }

  /** A participant took it for themselves, or the owner for one without a device. */
  took(who: Who, what: string): string {
    const texts = this.speech.words.cheque.log;
    if (this.isYou(who)) return texts.youTook(what);
    const by = this.by === null || this.by === who.id ? undefined : person(this.shared, this.by);
    if (!by) return texts.took(this.name(who), what);
    if (this.isYou(by)) return texts.youTookFor(what, this.name(who));
    return texts.tookFor(nameOf(this.speech.words, by), what, this.name(who));
  }

  gotBack(who: Who, amount: Thousandths): string {
    const texts = this.speech.words.cheque.log;
    const text = this.amount(amount);
    return this.isYou(who) ? texts.youRefunded(text) : texts.refunded(this.name(who), text);
  }

  payers(payers: { who: Who; amount: Thousandths }[]): string {
    const texts = this.speech.words.cheque.log;
    if (payers.length === 0) return texts.onePayer;
    return texts.payers(payers.map(({ who, amount }) => `${this.name(who)} ${this.amount(amount)}`).join(', '));
  }

  /** The receiver; empty for the owner who alone has paid the restaurant. */
  to(who: Who | undefined): string {
    return who ? ` → ${this.name(who)}` : '';
  }

  isYou(who: Who): boolean {
    return who.id === this.shared.you;
  }

  /** The name of that time, with a number if others have it today. */
  name({ id, name }: Who): string {
    const known = person(this.shared, id);
    const namesake = known?.name === name && known.namesake ? { namesake: known.namesake } : {};
    return nameOf(this.speech.words, { id, name, ...namesake, role: id === 1 ? 'owner' : 'guest' });
  }

  amount(amount: Thousandths | null): string {
    return amount === null ? '?' : this.money.full(amount);
  }
}
