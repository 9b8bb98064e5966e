import { describe, expect, it } from "vitest";
import { Pages, type ChatLine } from "../src/state/pages.svelte";

const line = (id: number, updated_at = 1000 - id): ChatLine => ({ id: String(id), title: `Chat ${id}`, updated_at });
const lines = (from: number, to: number): ChatLine[] => Array.from({ length: to - from }, (_, at) => line(from + at));

/** What the server has, three a page. */
const pagesOf = (stored: () => ChatLine[]): Pages =>
  new Pages((page) => Promise.resolve(stored().slice(3 * page - 3, 3 * page)), 3);
const idsOf = (pages: Pages): string => pages.list.map(({ id }) => id).join(" ");

describe("a list that is read by pages", () => {
  it("ends with a page that is not full", async () => {
    const pages = pagesOf(() => lines(0, 5));
    await pages.loadMore();
    expect([idsOf(pages), pages.hasMore]).toEqual(["0 1 2", true]);
    await pages.loadMore();
    expect([idsOf(pages), pages.hasMore]).toEqual(["0 1 2 3 4", false]);
  });

  it("leaves none out after some have gone, and repeats none after some have come", async () => {
    let stored = lines(0, 9);
    const pages = pagesOf(() => stored);
    await pages.loadMore();
    await pages.loadMore();
    stored = stored.filter(({ id }) => id !== "1");
    pages.drop(new Set(["1"]));
    await pages.loadMore();
    expect(idsOf(pages)).toBe("0 2 3 4 5 6");
    stored = [line(100, 2000), ...stored];
    pages.put(line(100, 2000));
    await pages.loadMore();
    await pages.loadMore();
    expect(idsOf(pages)).toBe("100 0 2 3 4 5 6 7 8");
  });

  it("takes in what has changed elsewhere", async () => {
    let stored = lines(0, 9);
    const pages = pagesOf(() => stored);
    await pages.loadMore();
    await pages.loadMore();
    stored = [line(5, 3000), ...stored.filter(({ id }) => id !== "5" && id !== "0")];
    await pages.update();
    expect(idsOf(pages)).toBe("5 1 2 3 4");
  });

  it("puts a chat where it belongs, if that is loaded", async () => {
    const pages = pagesOf(() => lines(0, 9));
    await pages.loadMore();
    pages.put(line(8, 999));
    expect(idsOf(pages)).toBe("0 8 1 2");
    pages.put(line(7, 1));
    expect(idsOf(pages)).toBe("0 8 1 2");
  });

  it("tells why it does not go on, and goes on when asked again", async () => {
    let isBroken = true;
    const pages = new Pages(() => (isBroken ? Promise.reject(new Error("No answer")) : Promise.resolve([line(1)])), 3);
    await pages.loadMore();
    expect(pages.trouble).toBe("No answer");
    isBroken = false;
    await pages.loadMore();
    expect([idsOf(pages), pages.trouble]).toEqual(["1", ""]);
  });
});
