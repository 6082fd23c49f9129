/** Parts of a line: exact fractions, never decimals. */
import type { Part } from '../api/model';

export const WHOLE: Part = { numerator: 1, denominator: 1 };
export const NOTHING: Part = { numerator: 0, denominator: 1 };
/** The server's limit: parts are at finest hundredths. */
export const DENOMINATOR_MAX = 100;

export function plus(left: Part, right: Part): Part {
  return reduced(
    left.numerator * right.denominator + right.numerator * left.denominator,
    left.denominator * right.denominator,
  );
}

/** Negative if `left` is the smaller part. */
export function compare(left: Part, right: Part): number {
  return left.numerator * right.denominator - right.numerator * left.denominator;
}

export function isNothing({ numerator }: Part): boolean {
  return numerator === 0;
}

export function isWhole({ numerator, denominator }: Part): boolean {
  return numerator === denominator;
}

/** The largest part up to `part` that can be claimed; sums of parts can be finer than hundredths. */
export function takeable(part: Part): Part {
  if (part.denominator <= DENOMINATOR_MAX) return part;
  return reduced(Math.floor((part.numerator * DENOMINATOR_MAX) / part.denominator), DENOMINATOR_MAX);
}

/** `1/2`; whole numbers without a slash. */
export function partText({ numerator, denominator }: Part): string {
  return denominator === 1 ? String(numerator) : `${numerator}/${denominator}`;
}

export function reduced(numerator: number, denominator: number): Part {
  const divisor = greatestCommonDivisor(numerator, denominator) || 1;
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

function greatestCommonDivisor(left: number, right: number): number {
  return right === 0 ? left : greatestCommonDivisor(right, left % right);
}
