/**
 * A quantity, exact to a thousandth: 400n is 0.4 of a litre.
 *
 * The rules are the server's: more than zero, at most three decimals, at most a million.
 */
import type { Thousandths } from './amount';

export const ONE: Thousandths = 1_000n;
const MAX: Thousandths = 1_000_000n * ONE;

/** Parses user input or a number of the server; `null` if it is not a valid quantity. */
export function readQuantity(typed: string): Thousandths | null {
  const match = /^(\d{1,9})(?:[.,](\d{1,3})0*)?$/.exec(typed.trim());
  if (!match) return null;
  const [, whole = '', decimals = ''] = match;
  const quantity = BigInt(whole + decimals.padEnd(3, '0'));
  return quantity > 0n && quantity <= MAX ? quantity : null;
}

/** Parses a number literal of the server. Throws a `RangeError` if it is not a valid quantity. */
export function exactQuantity(literal: string): Thousandths {
  const quantity = readQuantity(literal);
  if (quantity === null) throw new RangeError(`not a quantity: ${literal}`);
  return quantity;
}

/** The number literal: `1`, `0.4`, `1.235`. */
export function quantityText(quantity: Thousandths): string {
  const decimals = (quantity % ONE).toString().padStart(3, '0').replace(/0+$/, '');
  return (quantity / ONE).toString() + (decimals === '' ? '' : `.${decimals}`);
}

/** Quantity times unit price, rounded to the nearest unit of the currency, halves away from zero. */
export function costOf(quantity: Thousandths, price: Thousandths, unit: Thousandths): Thousandths {
  const exact = quantity * price;
  const whole = ONE * unit;
  return ((exact + (exact < 0n ? -whole : whole) / 2n) / whole) * unit;
}
