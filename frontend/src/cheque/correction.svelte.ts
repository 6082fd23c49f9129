/** The owner's correction being edited: input texts, their sum, the resulting request, and what others changed meanwhile. */
import type { Cheque, Product } from '../api/model';
import type { CorrectedLine, Correction } from '../api/router';
import { isTooPrecise, readSigned, type Thousandths, typedText, unitOf } from '../money/amount';
import { decimalsOf } from '../money/format';
import { costOf, ONE, quantityText, readQuantity } from '../money/quantity';

export const NAME_CHARS_MAX = 200;

export interface LineDraft {
  key: number;
  /** The corrected line; `null` for a new one. */
  product: Product | null;
  name: string;
  quantity: string;
  price: string;
  total: string;
}

export const EXTRAS = ['total_account', 'service', 'discount', 'tax', 'tip', 'rounding'] as const;
export type Extra = (typeof EXTRAS)[number];
export const FIELDS = [...EXTRAS, 'currency', 'merchant', 'purchased_on'] as const;
export type Field = (typeof FIELDS)[number];

/** A line or a field that was changed both here and elsewhere. */
export type Clash =
  | { key: string; kind: 'line'; here: LineDraft | null; there: Product | null; seen: Product }
  | { key: string; kind: 'field'; field: Field };

export type LineField = 'name' | 'quantity' | 'price' | 'total';

const BLANK: Cheque = { total_account: null, products: [], status: 'failed', confidence: 1, warnings: [] };

export class CorrectionDraft {
  lines = $state<LineDraft[]>([]);
  extras = $state({ total_account: '', service: '', discount: '', tax: '', tip: '', rounding: '' });
  currency = $state('');
  merchant = $state('');
  /** `2026-02-05`, or empty. */
  purchasedOn = $state('');
  /** The lines that were removed here, as they were read. */
  removed = $state.raw<Product[]>([]);
  /** The version and the bill on which the fields beside the lines are based; each line has its own version. */
  version = 0;
  base: Cheque = $state.raw(BLANK);
  /** The newest bill. */
  there: Cheque = $state.raw(BLANK);
  #thereVersion = 0;
  #lastKey = 0;
  readonly #separator: string;

  constructor(cheque: Cheque, version: number, separator: string) {
    this.#separator = separator;
    this.reset(cheque, version);
  }

  /** Discards the input and starts again from the server's state. */
  reset(cheque: Cheque, version: number): void {
    this.base = cheque;
    this.there = cheque;
    this.version = version;
    this.#thereVersion = version;
    this.removed = [];
    // Before the amounts, which are written with its decimals.
    this.currency = cheque.currency ?? '';
    this.lines = cheque.products.map((product) => this.#lineOf(product));
    for (const field of FIELDS) this.#type(field, this.#textOf(cheque, field));
  }

  /** How many decimals its amounts have. */
  get decimals(): number {
    return decimalsOf(this.currency);
  }

  get dirty(): boolean {
    const isEdited = (line: LineDraft) => line.product === null || this.#isTouched(line);
    return this.removed.length > 0 || this.lines.some(isEdited) || this.#editedFields().length > 0;
  }

  /** Lines plus extras minus discount; `null` if one of them is invalid. */
  get sum(): Thousandths | null {
    return this.sumOf(this.lines);
  }

  /** The same with only these lines. */
  sumOf(lines: LineDraft[]): Thousandths | null {
    let sum = 0n;
    for (const { total } of lines) {
      const read = this.#read(total);
      if (read === null) return null;
      sum += read;
    }
    for (const extra of ['service', 'tax', 'tip', 'rounding', 'discount'] as const) {
      const read = this.extra(extra);
      if (read === null) return null;
      sum += extra === 'discount' ? -read : read;
    }
    return sum;
  }

  /** The entered total; `null` if it is empty or invalid. */
  get total(): Thousandths | null {
    return this.#read(this.extras.total_account);
  }

  /** An entered extra; empty is 0, and `null` means invalid. */
  extra(extra: Extra): Thousandths | null {
    const text = this.extras[extra].trim();
    return text === '' ? 0n : this.#read(text);
  }

  faultOf(line: LineDraft, field: LineField): boolean {
    switch (field) {
      case 'name':
        return line.name.trim() === '' || [...line.name.trim()].length > NAME_CHARS_MAX;
      case 'quantity':
        return readQuantity(line.quantity) === null;
      case 'price':
        return line.price.trim() !== '' && this.#price(line) === null;
      case 'total':
        return line.total.trim() !== '' && this.#read(line.total) === null;
    }
  }

  extraFault(extra: Extra): boolean {
    const read = this.extra(extra);
    return read === null || (read < 0n && extra !== 'rounding');
  }

  /** Whether an amount that is paid has more decimals than the currency. */
  get tooPrecise(): boolean {
    const amounts = [...this.lines.map(({ total }) => total), ...EXTRAS.map((extra) => this.extras[extra])];
    return amounts.some((typed) => isTooPrecise(typed, this.decimals));
  }

  get faulty(): boolean {
    const fields: LineField[] = ['name', 'quantity', 'price', 'total'];
    return (
      EXTRAS.some((extra) => this.extraFault(extra)) ||
      this.lines.some((line) => fields.some((field) => this.faultOf(line, field)))
    );
  }

  /** Quantity times price, if it differs from the entered total. */
  expected(line: LineDraft): Thousandths | null {
    const quantity = readQuantity(line.quantity);
    const price = this.#price(line);
    if (quantity === null || price === null) return null;
    const cost = costOf(quantity, price, unitOf(this.decimals));
    return cost === this.#read(line.total) ? null : cost;
  }

  add(): LineDraft {
    this.#lastKey += 1;
    const line: LineDraft = { key: this.#lastKey, product: null, name: '', quantity: '1', price: '', total: '' };
    this.lines.push(line);
    // The element of the reactive list, so that changes to it are observed.
    return this.lines.at(-1) ?? line;
  }

  remove(key: number): void {
    const product = this.lines.find((line) => line.key === key)?.product;
    if (product) this.removed = [...this.removed, product];
    this.lines = this.lines.filter((line) => line.key !== key);
  }

  /** Takes an amount that was read as the total. */
  chooseTotal(amount: Thousandths): void {
    this.extras.total_account = this.#moneyText(amount);
  }

  setTotal(line: LineDraft, total: Thousandths): void {
    line.total = this.#moneyText(total);
  }

  /** Keeps a line consistent while quantity or price change: updates its total if it matched before. */
  change(line: LineDraft, field: 'quantity' | 'price', typed: string): void {
    const followed = line.total.trim() === '' || (line.price !== '' && this.expected(line) === null);
    line[field] = typed;
    const cost = this.expected(line);
    if (followed && cost !== null) this.setTotal(line, cost);
  }

  /** Takes over what others changed, except where it was changed here too: see `clashes`. */
  follow(cheque: Cheque, version: number): void {
    if (version <= this.#thereVersion) return;
    this.there = cheque;
    this.#thereVersion = version;
    // Before the amounts, which are written with its decimals.
    this.#followField('currency');
    const known = new Set([...this.lines.map(({ product }) => product?.id), ...this.removed.map(({ id }) => id)]);
    this.lines = this.lines.flatMap((line) => {
      if (line.product === null) return [line];
      const there = cheque.products.find(({ id }) => id === line.product?.id);
      if (!this.#isTouched(line)) return there ? [this.#lineOf(there, line)] : [];
      // The same was typed there.
      if (there && (isSame(there, line.product) || this.#means(line, there))) line.product = there;
      return [line];
    });
    // What was removed there too is no edit any more.
    this.removed = this.removed.filter(({ id }) => cheque.products.some((there) => there.id === id));
    for (const product of cheque.products) if (!known.has(product.id)) this.lines.push(this.#lineOf(product));
    this.#order();
    for (const field of FIELDS) this.#followField(field);
    this.#catchUp();
  }

  #followField(field: Field): void {
    const there = this.#textOf(this.there, field);
    const isTouched = this.#typed(field) !== this.#textOf(this.base, field);
    if (!isTouched) this.#type(field, there);
    if (!isTouched || this.#typed(field) === there) this.#rebase(field);
  }

  /** What was changed both here and elsewhere. */
  get clashes(): Clash[] {
    const line = (here: LineDraft | null, seen: Product): Clash[] => {
      const there = this.there.products.find(({ id }) => id === seen.id) ?? null;
      return there && isSame(there, seen) ? [] : [{ key: `line-${seen.id}`, kind: 'line', here, there, seen }];
    };
    const touched = this.lines.filter((one) => this.#isTouched(one));
    return [
      ...touched.flatMap((one) => (one.product ? line(one, one.product) : [])),
      ...this.removed.flatMap((seen) => line(null, seen)),
      ...this.#clashingFields().map((field): Clash => ({ key: field, kind: 'field', field })),
    ];
  }

  /** Resolves a clash: what is here stays, and will replace what is there; or what is there is taken. */
  resolve(clash: Clash, keep: boolean): void {
    if (clash.kind === 'field') {
      if (!keep) this.#type(clash.field, this.#textOf(this.there, clash.field));
      this.#rebase(clash.field);
      this.#catchUp();
      return;
    }
    const { here, there, seen } = clash;
    if (here) {
      const line = this.lines.find(({ key }) => key === here.key);
      // A line that is gone there comes back as a new one.
      if (keep && line) line.product = there;
      else this.lines = this.lines.flatMap((one) => (one.key !== here.key ? [one] : there ? [this.#lineOf(there, one)] : []));
      return;
    }
    this.removed = this.removed.flatMap((one) => (one.id !== seen.id ? [one] : keep && there ? [there] : []));
    if (!keep && there) this.lines.push(this.#lineOf(there));
    this.#order();
  }

  /** Only what was edited. */
  edits(): Correction {
    const version = (product: Product) => product.version ?? this.version;
    const set = this.lines.flatMap((line) => {
      if (line.product === null || !this.#isTouched(line)) return [];
      return [{ ...this.#correctedLine(line), id: line.product.id, version: version(line.product) }];
    });
    const add = this.lines.filter(({ product }) => product === null).map((line) => this.#correctedLine(line));
    const remove = this.removed.map((product) => ({ id: product.id, version: version(product) }));
    const whole = this.request();
    const fields = Object.fromEntries(this.#editedFields().map((field) => [field, this.#value(whole, field)]));
    const hasLines = set.length + add.length + remove.length > 0;
    return { version: this.version, ...(hasLines && { lines: { set, add, remove } }), ...fields };
  }

  /** The whole bill. */
  request(): Correction {
    return {
      version: this.version,
      products: this.lines.map((line) => this.#correctedLine(line)),
      total_account: this.total,
      service: this.#optional('service'),
      discount: this.#optional('discount'),
      tax: this.#optional('tax'),
      tip: this.#optional('tip'),
      rounding: this.#optional('rounding'),
      currency: this.currency || null,
      ...this.#title(),
    };
  }

  /** Only what was edited: another name is no conflict, and the newest one stays. */
  #title(): Correction {
    const [merchant, day] = [this.merchant.trim() || null, this.purchasedOn || null];
    return {
      ...(merchant !== (this.base?.merchant ?? null) && { merchant }),
      ...(day !== (this.base?.purchased_on ?? null) && { purchased_on: day }),
    };
  }

  #optional(extra: Extra): Thousandths | null {
    return this.extra(extra) || null;
  }

  #value(whole: Correction, field: Field): string | Thousandths | null {
    if (field === 'merchant') return this.merchant.trim() || null;
    if (field === 'purchased_on') return this.purchasedOn || null;
    return whole[field] ?? null;
  }

  #editedFields(): Field[] {
    return FIELDS.filter((field) => this.#typed(field) !== this.#textOf(this.base, field));
  }

  #clashingFields(): Field[] {
    return this.#editedFields().filter((field) => this.#textOf(this.there, field) !== this.#textOf(this.base, field));
  }

  /** The fields are based on the newest bill, unless one of them is changed there too. */
  #catchUp(): void {
    if (this.#clashingFields().length === 0) this.version = this.#thereVersion;
  }

  #rebase(field: Field): void {
    this.base = { ...this.base, [field]: this.there[field] };
  }

  #typed(field: Field): string {
    if (field === 'currency') return this.currency;
    if (field === 'merchant') return this.merchant;
    return field === 'purchased_on' ? this.purchasedOn : this.extras[field];
  }

  #type(field: Field, text: string): void {
    if (field === 'currency') this.currency = text;
    else if (field === 'merchant') this.merchant = text;
    else if (field === 'purchased_on') this.purchasedOn = text;
    else this.extras[field] = text;
  }

  #textOf(cheque: Cheque, field: Field): string {
    const value = cheque[field];
    return typeof value === 'bigint' ? this.#moneyText(value) : (value ?? '');
  }

  #isTouched(line: LineDraft): boolean {
    if (line.product === null) return false;
    const { name, quantity, price, total } = this.#lineOf(line.product, line);
    return name !== line.name || quantity !== line.quantity || price !== line.price || total !== line.total;
  }

  /** Whether the line says what is there; a price that was not typed is computed. */
  #means(line: LineDraft, product: Product): boolean {
    const there = this.#lineOf(product, line);
    const price = line.product && this.#lineOf(line.product, line).price;
    const isSamePrice = line.price === there.price || line.price === price;
    return isSamePrice && there.name === line.name.trim() && there.quantity === line.quantity && there.total === line.total;
  }

  /** The order of the bill; new lines come last. */
  #order(): void {
    const place = ({ product }: LineDraft) => {
      const at = this.there.products.findIndex(({ id }) => id === product?.id);
      return at < 0 ? this.there.products.length : at;
    };
    this.lines.sort((one, other) => place(one) - place(other));
  }

  /** The texts of a line, in place of `line` or as another one. */
  #lineOf(product: Product, line?: LineDraft): LineDraft {
    if (!line) this.#lastKey += 1;
    return {
      key: line?.key ?? this.#lastKey,
      product,
      name: product.name,
      quantity: quantityText(product.numberServings).replace('.', this.#separator),
      price: this.#moneyText(product.price),
      total: this.#moneyText(product.total),
    };
  }

  /** A typed amount in the currency of the bill. */
  #read(typed: string): Thousandths | null {
    return readSigned(typed, this.decimals);
  }

  /** A price that was read may have more decimals than the currency, as that of fuel. */
  #price({ product, price }: LineDraft): Thousandths | null {
    return product?.price != null && price === this.#moneyText(product.price) ? product.price : this.#read(price);
  }

  // With all decimals, so that a column of amounts is easy to read.
  #moneyText(amount: Thousandths | null): string {
    return amount === null ? '' : typedText(amount, this.decimals).replace('.', this.#separator);
  }

  #correctedLine(line: LineDraft): CorrectedLine {
    const { product, name, quantity, total } = line;
    const typedPrice = this.#price(line);
    // A computed price that was not edited should be computed again.
    const isOld = product !== null && typedPrice === product.price && !product.price_printed;
    return {
      ...(product && { id: product.id }),
      name: name.trim(),
      numberServings: readQuantity(quantity) ?? ONE,
      ...(typedPrice !== null && !isOld && { price: typedPrice }),
      total: this.#read(total),
    };
  }
}

/** Whether a line was not changed in between. */
function isSame(one: Product, other: Product): boolean {
  if (one.version !== undefined && other.version !== undefined) return one.version === other.version;
  const isSameText = one.name === other.name && one.numberServings === other.numberServings;
  return isSameText && one.price === other.price && one.total === other.total;
}
