import { describe, expect, it } from "vitest";
import { configOf, draftAt, EMPTY, withDraft, without, type ConnectionList } from "../src/views/admin/connections";
import { draftOf, formOf, inOrder, moved, slug } from "../src/views/admin/modelForm";
import type { Stored } from "../src/views/admin/modelStore.svelte";
import type { Setting } from "../src/views/admin/serverSettings.svelte";
import { choicesOf, controlOf, editable, grouped, parsed } from "../src/views/admin/settingValues";

const list: ConnectionList = {
  kind: "openai",
  urls: ["https://a/v1", "https://b/v1", "https://c/v1"],
  keys: ["ka", "kb", ""],
  configs: { "0": { prefix_id: "a", shape: 7 }, "https://c/v1": { enable: false, tags: [{ name: "x" }] } },
};

describe("connections", () => {
  it("become forms and come back as they were, with what has no field", () => {
    const draft = draftAt(list, 0);
    expect(draft).toMatchObject({ url: "https://a/v1", key: "ka", prefix_id: "a", enable: true, others: { shape: 7 } });
    expect(configOf("openai", draft)).toEqual({ prefix_id: "a", shape: 7 });
  });

  it("are found by their address, as older databases name them", () => {
    expect(draftAt(list, 2)).toMatchObject({ enable: false, tags: "x" });
  });

  it("keep their settings when one before them is removed", () => {
    const rest = without(list, 0);
    expect(rest.urls).toEqual(["https://b/v1", "https://c/v1"]);
    expect(rest.keys).toEqual(["kb", ""]);
    expect(rest.configs).toEqual({ "1": { enable: false, tags: [{ name: "x" }] } });
  });

  it("are added at the end, or changed at their place", () => {
    const added = withDraft(list, {
      ...EMPTY,
      url: " https://d ",
      key: "kd",
      model_ids: "m\n\nn ",
      headers: "X-A: b:c",
    });
    expect(added.urls.at(-1)).toBe("https://d");
    expect(added.keys).toEqual(["ka", "kb", "", "kd"]);
    expect(added.configs["3"]).toEqual({ model_ids: ["m", "n"], headers: { "X-A": "b:c" } });
    expect(withDraft(list, { ...EMPTY, url: "https://e" }, 0).configs).not.toHaveProperty("0");
  });

  it("of Ollama carry their key in their settings", () => {
    const ollama: ConnectionList = { kind: "ollama", urls: ["http://o"], keys: [], configs: { "0": { key: "k" } } };
    const draft = draftAt(ollama, 0);
    expect(draft.key).toBe("k");
    expect(withDraft(ollama, draft, 0)).toEqual(ollama);
  });

  it("to Azure say so in both ways", () => {
    expect(draftAt({ ...list, configs: { "0": { azure: true } } }, 0).provider).toBe("azure");
    expect(configOf("openai", { ...EMPTY, provider: "azure" })).toEqual({ provider: "azure", azure: true });
  });
});

const setting = (given: Partial<Setting>): Setting => ({
  ...{ name: "a.b", group: "G", environment: "A_B", ini: "webui.a.b", type: "text", help: "", value: "", default: "" },
  ...{ source: "default", locked: false, runtime: true, secret: false, planned: false },
  ...given,
});

describe("settings", () => {
  it("are edited by their type", () => {
    const controls = ["boolean", "JSON array", "URLs separated by ;", "x | y", "integer or empty", "URL"];
    expect(controls.map((type) => controlOf(setting({ type })))).toEqual([
      "switch",
      "json",
      "list",
      "choice",
      "number",
      "line",
    ]);
    expect(choicesOf(setting({ type: "x | y or empty" }))).toEqual(["", "x", "y"]);
  });

  it("are sent as JSON", () => {
    expect(parsed(setting({ type: "boolean" }), "true")).toBe(true);
    expect(parsed(setting({ type: "integer" }), " 5 ")).toBe(5);
    expect(parsed(setting({ type: "integer or empty" }), "")).toBe("");
    expect(parsed(setting({ type: "list separated by ;" }), "a\nb\n")).toEqual(["a", "b"]);
    expect(parsed(setting({ type: "list separated by ;" }), "a\n\nb")).toEqual(["a", "", "b"]);
    expect(parsed(setting({ type: "list separated by ;" }), "")).toEqual([]);
    expect(() => parsed(setting({ type: "JSON object" }), "{")).toThrow(SyntaxError);
  });

  it("are shown so that they can be edited", () => {
    expect(editable(setting({ type: "list separated by ,", value: "a, b" }))).toBe("a\nb");
    expect(editable(setting({ type: "URLs separated by ; or empty", value: "a;b" }))).toBe("a\nb");
    expect(editable(setting({ type: "JSON array", value: "[1]" }))).toBe("[\n  1\n]");
  });

  it("are found by words, without planned ones", () => {
    const rows = [
      setting({ name: "ui.signup", group: "Page" }),
      setting({ name: "ui.later", planned: true }),
      setting({ name: "x", help: "Whether the signup is open", source: "database" }),
    ];
    const names = (filter: object): string[] =>
      grouped(rows, { words: "", changed: false, locked: false, planned: false, ...filter }, () => false).flatMap(
        ([, found]) => found.map(({ name }) => name),
      );
    expect(names({ words: "SIGNUP" })).toEqual(["ui.signup", "x"]);
    expect(names({ planned: true })).toHaveLength(3);
    expect(names({ changed: true })).toEqual(["x"]);
    expect(names({ locked: true })).toEqual([]);
  });
});

describe("models", () => {
  it("become forms and come back, with what has no field", () => {
    const stored = {
      ...{
        id: "tutor",
        user_id: null,
        base_model_id: "m",
        name: "Tutor",
        is_active: true,
        created_at: 1,
        updated_at: 1,
      },
      meta: { description: "d", capabilities: { vision: true }, tags: [{ name: "school" }] },
      params: { system: "Be kind.", temperature: 0.2 },
      access_control: { read: { user_ids: ["u"] } },
    } satisfies Stored;
    const form = formOf(draftOf(stored, ""), stored);
    expect(form).toMatchObject({ id: "tutor", base_model_id: "m", params: stored.params, meta: stored.meta });
    expect(form.access_control).toEqual(stored.access_control);
  });

  it("get an id of their name", () => {
    expect(slug("  Übung macht den Meister! ")).toBe("ubung-macht-den-meister");
  });

  it("are ordered as wished, the others behind", () => {
    const items = ["a", "b", "c"].map((id) => ({ id }));
    expect(inOrder(items, ["c", "gone"]).map(({ id }) => id)).toEqual(["c", "a", "b"]);
    expect(moved(["a", "b", "c"], 2, 0)).toEqual(["c", "a", "b"]);
  });
});
