import { describe, expect, it } from "vitest";
import type { ChatData, Message } from "../src/api/types";
import { readChat, readMessage, readModel, readUi } from "../src/lib/stored";
import { readPassages, textOf } from "../src/lib/passages";

const GARBAGE = [null, undefined, true, 0, -1e300, "", "text", [], [null], [[1]], {}, { content: {} }, { type: 1 }];
const KEYS = "content files models model modelName selectedModelId followUps error usage timing annotation timestamp";
const stored = (fields: object): Message =>
  ({ id: "m", parentId: null, childrenIds: [], role: "assistant", content: "said", ...fields }) as unknown as Message;

describe("a message of another client", () => {
  it("is as it was when there is nothing wrong with it", () => {
    const message = stored({
      files: [{ type: "image", url: "data:image/png;base64,", name: "n", id: 1 }],
      models: ["m", "m"],
      followUps: ["a"],
      error: { content: "why", retry_after: 3 },
      usage: { prompt_tokens: 1 },
      timestamp: 1.7e9,
      own: [1, { a: 2 }],
    });
    expect(readMessage(message)).toEqual(message);
  });

  it.each(KEYS.split(" "))("can be shown whatever stands in its %s", (key) => {
    for (const value of GARBAGE) {
      const message = readMessage(stored({ [key]: value }));
      readPassages(textOf(message));
      for (const file of message.files ?? []) expect(file.url.length).toBeGreaterThanOrEqual(0);
      for (const text of [...(message.followUps ?? []), ...(message.models ?? [])]) expect(text).toBeTypeOf("string");
      expect(["string", "undefined"]).toContain(typeof message.modelName);
      expect(() => new Date((message.timestamp ?? 0) * 1000).toISOString()).not.toThrow();
    }
  });

  it("offers each question once", () => {
    expect(readMessage(stored({ followUps: ["a", "b", "a"] })).followUps).toEqual(["a", "b"]);
  });

  it("keeps the text among its parts", () => {
    const content = [{ type: "text", text: "one" }, { type: "text" }, 7, { type: "image_url", image_url: null }];
    expect(textOf(readMessage(stored({ content })))).toBe("one\n");
  });
});

it("of a chat nothing but what it can be taken for is read", () => {
  for (const value of GARBAGE) {
    const chat = readChat({ title: value, models: value, params: value, history: value } as unknown as ChatData);
    expect(["string", "undefined"]).toContain(typeof chat.title);
    expect(Array.isArray(chat.models ?? [])).toBe(true);
    expect(Object.values(chat.history?.messages ?? {})).toEqual([]);
  }
});

it("a model can be offered whatever its server says of it", () => {
  for (const value of GARBAGE) {
    for (const model of [
      { id: "m", tags: value, info: value },
      { id: "m", info: { meta: { description: value } } },
    ]) {
      const found = readModel(model);
      expect(found.info?.meta?.description?.trim() ?? "").toBeTypeOf("string");
      expect((found.tags ?? []).every(({ name }) => typeof name === "string")).toBe(true);
    }
  }
});

it("of preferences no model is taken for one that is no text", () => {
  for (const value of GARBAGE) {
    expect(readUi(value)).toBeTypeOf("object");
    expect(Array.isArray(readUi({ models: value })["models"] ?? [])).toBe(true);
  }
  expect(readUi({ models: ["m", 1], theme: "dark", own: 1 })).toEqual({ models: ["m"], theme: "dark", own: 1 });
});
