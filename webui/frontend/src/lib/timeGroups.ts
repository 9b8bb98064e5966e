/** Chats are listed by the time when something last happened in them. */

export type TimeGroup = "today" | "yesterday" | "week" | "month" | { year: number; month: number };

const DAY = 86_400_000; // ms

/** The group of a moment, in seconds since 1970. Days begin at midnight where the browser is. */
export function timeGroup(seconds: number, now: Date): TimeGroup {
  const moment = new Date(seconds * 1000);
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  const begun = new Date(moment.getFullYear(), moment.getMonth(), moment.getDate()).getTime();
  const days = Math.round((midnight - begun) / DAY); // a day with a change of the clock is an hour longer or shorter
  if (days <= 0) return "today";
  if (days === 1) return "yesterday";
  if (days <= 7) return "week";
  if (days <= 30) return "month";
  return { year: moment.getFullYear(), month: moment.getMonth() };
}

/** The day of a moment where the browser is, from its midnight until the next; all in seconds since 1970. */
export function dayOf(seconds: number): { from: number; until: number } {
  const moment = new Date(seconds * 1000);
  const midnight = (days: number): number =>
    new Date(moment.getFullYear(), moment.getMonth(), moment.getDate() + days).getTime() / 1000;
  return { from: midnight(0), until: midnight(1) };
}

/** A name that tells groups apart. */
export const groupKey = (group: TimeGroup): string =>
  typeof group === "string" ? group : `${group.year}-${group.month + 1}`;

/** "October", or of another year "October 2025". */
export function monthName({ year, month }: { year: number; month: number }, now: Date, language: string): string {
  const format =
    year === now.getFullYear() ? ({ month: "long" } as const) : ({ month: "long", year: "numeric" } as const);
  return new Intl.DateTimeFormat(language, format).format(new Date(year, month, 1));
}
