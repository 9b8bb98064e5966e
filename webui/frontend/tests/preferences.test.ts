import { beforeEach, describe, expect, test, vi } from "vitest";
import { addChanges, merge } from "../src/lib/merge";

describe("merge", () => {
  test("keeps what the changes do not name, at any depth", () => {
    const stored = { theme: "dark", params: { temperature: 1, seed: 7 }, models: ["a"] };
    const changes = { params: { temperature: 0 }, models: ["b", "c"] };
    expect(merge(stored, changes)).toEqual({ theme: "dark", params: { temperature: 0, seed: 7 }, models: ["b", "c"] });
  });

  test("leaves out what becomes undefined", () => {
    const merged = merge(
      { system: "Be brief.", params: { seed: 7, stop: ["x"] } },
      { system: undefined, params: { seed: undefined } },
    );
    expect(merged).toStrictEqual({ params: { stop: ["x"] } });
  });

  test("changes neither of its arguments", () => {
    const stored = { params: { seed: 7 } };
    merge(stored, { params: { seed: 8 } });
    expect(stored).toEqual({ params: { seed: 7 } });
  });

  test("later changes go on top, and what is to be left out is remembered", () => {
    const changes = addChanges(
      { system: "A", params: { seed: 1, top_p: 1 } },
      { system: undefined, params: { seed: 2 } },
    );
    expect(changes).toStrictEqual({ system: undefined, params: { seed: 2, top_p: 1 } });
    expect(merge({ system: "B" }, changes)).toStrictEqual({ params: { seed: 2, top_p: 1 } });
  });
});

describe("preferences", () => {
  let stored: { ui: Record<string, unknown>; [key: string]: unknown };
  let isDown: boolean;

  /** A server that keeps the settings of one account. */
  async function answer(request: Request): Promise<Response> {
    if (isDown) throw new TypeError("no network");
    if (request.method === "POST") stored = (await request.json()) as typeof stored;
    return Response.json(stored);
  }

  async function load() {
    vi.resetModules();
    const { preferences } = await import("../src/state/preferences.svelte");
    await preferences.load();
    return preferences;
  }

  beforeEach(() => {
    stored = { ui: { theme: "dark", toolServers: [1] }, other: true };
    isDown = false;
    vi.stubGlobal("fetch", answer);
  });

  test("a second tab's change is not overwritten", async () => {
    const [one, other] = [await load(), await load()];
    await one.change({ theme: "light", params: { seed: 1 } });
    await other.change({ autoTags: false, params: { top_p: 0.5 } });
    const params = { seed: 1, top_p: 0.5 };
    expect(stored).toEqual({ ui: { theme: "light", autoTags: false, params, toolServers: [1] }, other: true });
    expect(other.ui.theme).toBe("light");
  });

  test("what could not be kept is shown, and goes along with the next change", async () => {
    const preferences = await load();
    isDown = true;
    await expect(preferences.change({ system: "Be brief." })).rejects.toThrow();
    expect(preferences.ui.system).toBe("Be brief.");
    isDown = false;
    await preferences.change({ autoTags: false });
    expect(stored.ui).toMatchObject({ system: "Be brief.", autoTags: false });
  });

  test("changes made at once are all kept, in their order", async () => {
    const preferences = await load();
    await Promise.all([1, 2, 3].map((seed) => preferences.change({ params: { seed }, [`seen${seed}`]: true })));
    expect(stored.ui).toMatchObject({ params: { seed: 3 }, seen1: true, seen2: true, seen3: true });
  });

  test("the page is shown as it is liked, also where the browser remembers nothing", async () => {
    vi.stubGlobal("localStorage", {
      getItem: () => {
        throw new DOMException("denied", "SecurityError");
      },
      setItem: () => {
        throw new DOMException("denied", "SecurityError");
      },
    });
    const preferences = await load();
    await preferences.change({ textScale: 1.25, language: "de" });
    const page = document.documentElement;
    expect([page.dataset.theme, page.style.fontSize, page.lang]).toEqual(["dark", "125%", "de"]);
    await preferences.change({ theme: "system", textScale: undefined, language: "en" });
    expect([page.dataset.theme, page.style.fontSize, page.lang]).toEqual([undefined, "", "en"]);
    vi.unstubAllGlobals();
  });
});
