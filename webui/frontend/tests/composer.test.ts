import { beforeEach, describe, expect, test, vi } from "vitest";
import { draftKey, forgetDrafts, keepDraft, readDraft } from "../src/lib/drafts";
import { fitted } from "../src/lib/images";
import { moveIn } from "../src/lib/listbox";
import { searchModels } from "../src/lib/modelSearch";
import { fillIn, knownValues, variablesOf, wantsClipboard } from "../src/lib/promptVariables";
import { promptsFor, slashAt } from "../src/lib/slash";
import { fenced, textIn } from "../src/lib/textFiles";
import { drafts } from "../src/state/drafts.svelte";
import { sends } from "../src/views/composer/keys";
import { asForm, asParams, isSet } from "../src/views/composer/params";

describe("drafts", () => {
  beforeEach(() => localStorage.clear());

  test("are kept for each user and chat", () => {
    keepDraft(draftKey("ada", "c1"), "one");
    keepDraft(draftKey("ada", null), "two");
    keepDraft(draftKey("bob", "c1"), "three");
    expect(readDraft(draftKey("ada", "c1"))).toBe("one");
    expect(readDraft(draftKey("ada", null))).toBe("two");
    forgetDrafts("ada");
    expect(readDraft(draftKey("ada", "c1"))).toBe("");
    expect(readDraft(draftKey("bob", "c1"))).toBe("three");
  });

  test("leave nothing behind when they are empty", () => {
    keepDraft(draftKey("ada", null), "one");
    keepDraft(draftKey("ada", null), "");
    expect(Object.keys(localStorage)).toEqual([]);
  });

  test("do without the browser's memory where it is full", () => {
    const setItem = (): never => {
      throw new DOMException("full", "QuotaExceededError");
    };
    vi.stubGlobal("localStorage", { setItem });
    expect(() => keepDraft(draftKey("ada", null), "one")).not.toThrow();
    vi.unstubAllGlobals();
  });

  test("go along when a new chat is stored, and are of no use to the browser in a temporary one", () => {
    const chat: { id: string | null; isTemporary: boolean } = { id: null, isTemporary: false };
    drafts.of(chat).text = "going on";
    chat.id = "c9";
    expect(drafts.of(chat).text).toBe("going on");
    expect(Object.keys(localStorage)).toEqual([draftKey("", "c9")]);

    const secret = { id: null, isTemporary: false };
    drafts.of(secret).text = "secret";
    secret.isTemporary = true;
    expect(drafts.of(secret).text).toBe("secret");
    expect(Object.keys(localStorage)).toEqual([draftKey("", "c9")]);
  });
});

describe("commands", () => {
  test("stand at the start of a line, up to the caret", () => {
    expect(slashAt("/sum", 4)).toEqual({ start: 0, end: 4, query: "sum" });
    expect(slashAt("one\n/", 5)).toEqual({ start: 4, end: 5, query: "" });
    expect(slashAt("/summary of", 4)).toEqual({ start: 0, end: 4, query: "sum" });
    for (const [text, caret] of [
      ["", 0],
      ["and/or", 6],
      [" /x", 3],
      ["/two words", 10],
      ["/x", 0],
    ] as const) {
      expect(slashAt(text, caret)).toBeNull();
    }
  });

  test("find prompts by command, then by title", () => {
    const prompts = ["/resume", "/summary", "/translate", "/other"].map((command) => ({ command, title: "" }));
    const titled = { command: "/x", title: "A summing up" };
    expect(promptsFor([titled, ...prompts], "sum").map(({ command }) => command)).toEqual([
      "/summary",
      "/resume",
      "/x",
    ]);
    expect(promptsFor(prompts, "")).toHaveLength(4);
    expect(promptsFor(prompts, "zzz")).toEqual([]);
  });
});

describe("variables", () => {
  test("are asked for once each, but those that are known", () => {
    const found = variablesOf('{{name}} {{ name }} {{CURRENT_DATE}} {{tone | select:options=["dry","warm"]:required}}');
    expect(found.map(({ name, type }) => [name, type])).toEqual([
      ["name", "text"],
      ["tone", "select"],
    ]);
    expect(found[1]).toMatchObject({ options: ["dry", "warm"], isRequired: true });
    expect(variablesOf('{{n | number:default="3":placeholder="how many: say"}}')[0]).toMatchObject({
      type: "number",
      initial: "3",
      placeholder: "how many: say",
      isRequired: false,
    });
    expect(variablesOf("{{x | select:options=[broken}}")[0]).toMatchObject({ options: [] });
  });

  test("are filled in one pass", () => {
    expect(fillIn("{{a}} {{ b | text }} {{c}}", { a: "{{b}}", b: "$&" })).toBe("{{b}} $& {{c}}");
    expect(wantsClipboard("see {{ CLIPBOARD }}")).toBe(true);
    expect(wantsClipboard("see CLIPBOARD")).toBe(false);
  });

  test("have the forms of the server", () => {
    const values = knownValues({ name: "Ada", email: "ada@example.org" }, new Date(2026, 2, 5, 0, 7, 9));
    expect(values).toMatchObject({
      USER_NAME: "Ada",
      CURRENT_DATE: "2026-03-05",
      CURRENT_TIME: "12:07:09 AM",
      CURRENT_DATETIME: "2026-03-05 12:07:09 AM",
      CURRENT_WEEKDAY: "Thursday",
    });
  });
});

describe("files", () => {
  test("of pictures get smaller, never larger", () => {
    const bound = { width: 2048, height: 2048 };
    expect(fitted({ width: 4096, height: 1024 }, bound)).toEqual({ width: 2048, height: 512 });
    expect(fitted({ width: 100, height: 50 }, bound)).toEqual({ width: 100, height: 50 });
    expect(fitted({ width: 1, height: 100_000 }, bound)).toEqual({ width: 1, height: 2048 });
  });

  test("of text are told from others, and fenced safely", async () => {
    expect(await textIn(new Blob(["grün"]))).toBe("grün");
    expect(await textIn(new Blob([new Uint8Array([255, 254, 1])]))).toBeNull();
    expect(await textIn(new Blob(["a\0b"]))).toBeNull();
    expect(fenced("a.PY", "x = 1\n")).toBe("a.PY\n```py\nx = 1\n```\n");
    expect(fenced("notes", "````\nx\n````")).toBe("notes\n`````\n````\nx\n````\n`````\n");
  });
});

test("a list goes round", () => {
  expect(moveIn(3, 2, "ArrowDown")).toBe(0);
  expect(moveIn(3, 0, "ArrowUp")).toBe(2);
  expect(moveIn(3, 0, "a")).toBeNull();
  expect(moveIn(0, 0, "ArrowDown")).toBeNull();
});

test("models are found by name first, then by what is said of them", () => {
  const models = [
    { id: "m1060", name: "m1060" },
    { id: "m-60", name: "m-60", tags: [{ name: "Fast" }] },
    { id: "other", name: "Other", info: { meta: { description: "good with 60 languages" } } },
  ];
  expect(searchModels(models, "60").map(({ id }) => id)).toEqual(["m-60", "m1060", "other"]);
  expect(searchModels(models, "m fast").map(({ id }) => id)).toEqual(["m-60"]);
  expect(searchModels(models, " ")).toHaveLength(3);
});

test("Enter sends, or Ctrl with it", () => {
  const key = (changes: object) => ({
    ...{ key: "Enter", shiftKey: false, ctrlKey: false, metaKey: false, altKey: false },
    ...changes,
  });
  expect(sends(key({}), false)).toBe(true);
  expect(sends(key({ shiftKey: true }), false)).toBe(false);
  expect(sends(key({}), true)).toBe(false);
  expect(sends(key({ metaKey: true }), true)).toBe(true);
  expect(sends(key({ key: "a" }), false)).toBe(false);
});

test("a form of parameters keeps what it does not know, and leaves out what is empty", () => {
  const before = { temperature: 0.5, stop: ["a", "b"], top_k: 4 };
  const form = asForm(before);
  expect(form).toMatchObject({ system: "", temperature: 0.5, stop: "a\nb", seed: null });
  expect(asParams({ ...form, temperature: 0, stop: "", system: " " }, before)).toEqual({ temperature: 0, top_k: 4 });
  expect(isSet({})).toBe(false);
  expect(isSet({ system: "" })).toBe(false);
  expect(isSet({ temperature: 0 })).toBe(true);
});
