/** The owner's correction being edited: input texts, their sum, and the resulting request. */
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
export type LineField = 'name' | 'quantity' | 'price' | 'total';

export class CorrectionDraft {
  lines = $state<LineDraft[]>([]);
  extras = $state({ total_account: '', service: '', discount: '', tax: '', tip: '', rounding: '' });
  currency = $state('');
  merchant = $state('');
  /** `2026-02-05`, or empty. */
  purchasedOn = $state('');
  /** The version and the bill on which the input is based. */
  version = 0;
  base = $state.raw<Cheque | null>(null);
  #untouched = '';
  #lastKey = 0;
  readonly #separator: string;

  constructor(cheque: Cheque, version: number, separator: string) {
    this.#separator = separator;
    this.reset(cheque, version);
  }

  /** Discards the input and starts again from the server's state. */
  reset(cheque: Cheque, version: number): void {
    this.base = cheque;
    this.version = version;
    // Before the amounts, which are written with its decimals.
    this.currency = cheque.currency ?? '';
    this.lines = cheque.products.map((product) => this.#lineOf(product));
    for (const extra of EXTRAS) this.extras[extra] = this.#moneyText(cheque[extra] ?? null);
    this.merchant = cheque.merchant ?? '';
    this.purchasedOn = cheque.purchased_on ?? '';
    this.#untouched = this.#written();
  }

  /** How many decimals its amounts have. */
  get decimals(): number {
    return decimalsOf(this.currency);
  }

  get dirty(): boolean {
    return this.#written() !== this.#untouched;
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
    this.lines = this.lines.filter((line) => line.key !== key);
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

  /** Keeps the input although the bill was changed meanwhile, as the user has seen. */
  rebase(cheque: Cheque, version: number): void {
    const known = new Set(cheque.products.map(({ id }) => id));
    // A line that is gone there comes back as a new one.
    for (const line of this.lines) if (line.product && !known.has(line.product.id)) line.product = null;
    this.base = cheque;
    this.version = version;
  }

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

  #lineOf(product: Product): LineDraft {
    this.#lastKey += 1;
    return {
      key: this.#lastKey,
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

  #written(): string {
    const lines = this.lines.map(({ product, name, quantity, price, total }) => [
      ...[product?.id, name, quantity, price, total],
    ]);
    return JSON.stringify([lines, this.extras, this.currency, this.merchant, this.purchasedOn]);
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
