/** Formats a duration in the most suitable unit. */

const UNITS: [unit: string, seconds: number, below: number][] = [
  ['second', 1, 90],
  ['minute', 60, 90 * 60],
  ['hour', 3_600, 36 * 3_600],
  ['day', 86_400, Infinity],
];
/** Below this many seconds, tenths are shown. */
const TENTHS_BELOW = 10;

/** "1.2s", "45s", "12m": short enough for a narrow column. */
export function durationText(locale: string, seconds: number): string {
  const lasted = Math.max(0, seconds);
  const [unit, length] = UNITS.find(([, , below]) => lasted < below) ?? (['day', 86_400] as const);
  const maximumFractionDigits = lasted < TENTHS_BELOW ? 1 : 0;
  const format = new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'narrow', maximumFractionDigits });
  return format.format(lasted / length);
}
