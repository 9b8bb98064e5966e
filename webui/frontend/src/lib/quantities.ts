/** Numbers and dates as they are written in a language. */

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** A number of bytes: "1.5 MB". */
export function bytes(count: number, language: string): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, count)) / 3));
  const format = {
    style: "unit",
    unit: UNITS[power] ?? "byte",
    unitDisplay: "short",
    maximumFractionDigits: 1,
  } as const;
  return new Intl.NumberFormat(language, format).format(count / 1000 ** power);
}

/** A share of 1: "42 %". */
export const percent = (share: number, language: string): string =>
  new Intl.NumberFormat(language, { style: "percent" }).format(share);

/** A moment, in seconds since 1970: "23 Nov 2026, 20:40". */
export const moment = (seconds: number, language: string): string =>
  new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(1000 * seconds);
