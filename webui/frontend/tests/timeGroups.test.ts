import { describe, expect, it } from "vitest";
import { groupKey, monthName, timeGroup } from "../src/lib/timeGroups";

const now = new Date(2026, 10, 23, 9, 30);
const groupAt = (...moment: [number, number, number, number?]): string =>
  groupKey(timeGroup(new Date(...moment).getTime() / 1000, now));

describe("groups by time", () => {
  it("begin at midnight", () => {
    expect(groupAt(2026, 10, 23, 0)).toBe("today");
    expect(groupAt(2026, 10, 22, 23)).toBe("yesterday");
    expect(groupAt(2026, 10, 21, 23)).toBe("week");
  });

  it("are weeks, then 30 days, then months", () => {
    expect(groupAt(2026, 10, 16)).toBe("week");
    expect(groupAt(2026, 10, 15)).toBe("month");
    expect(groupAt(2026, 9, 24)).toBe("month"); // across a change of the clock
    expect(groupAt(2026, 9, 23)).toBe("2026-10");
    expect(groupAt(2025, 11, 31)).toBe("2025-12");
  });

  it("take a clock that is ahead for today", () => {
    expect(groupAt(2026, 10, 24)).toBe("today");
  });

  it("name the year of other years", () => {
    expect(monthName({ year: 2026, month: 9 }, now, "en")).toBe("October");
    expect(monthName({ year: 2025, month: 2 }, now, "de")).toBe("März 2025");
  });
});
