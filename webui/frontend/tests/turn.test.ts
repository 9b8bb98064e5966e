import { describe, expect, test } from "vitest";
import type { EventData, Message } from "../src/api/types";
import { beside, versions } from "../src/state/columns";
import { Saving } from "../src/state/saving.svelte";
import { Turn } from "../src/state/turn.svelte";

const message = (fields: Partial<Message> = {}): Message => ({
  id: "r",
  parentId: "q",
  childrenIds: [],
  role: "assistant",
  content: "",
  ...fields,
});
const say = (turn: Turn, content: string): void =>
  turn.take({ type: "chat:completion", data: { choices: [{ delta: { content } }] } });
const finish = (turn: Turn, data: EventData = {}): void =>
  turn.take({ type: "chat:completion", data: { done: true, ...data } });

describe("a reply", () => {
  test("is what was said, in the end as it is stored", () => {
    const turn = new Turn(message());
    turn.begin(true);
    turn.link(true, true);
    say(turn, "Hello ");
    say(turn, "you");
    finish(turn, { content: "Hello you", usage: { completion_tokens: 2 } });
    turn.end();
    expect(turn.text).toBe("Hello you");
    expect(turn.message.usage).toEqual({ completion_tokens: 2 });
    expect(turn.isRunning).toBe(false);
  });

  test("that is followed from its start again is not doubled", () => {
    const turn = new Turn(message({ content: "Hel", done: false }));
    turn.begin(false);
    turn.link(true, true);
    expect(turn.text).toBe("Hel");
    say(turn, "Hello");
    turn.end();
    expect(turn.text).toBe("Hello");
    turn.begin(false);
    turn.link(true, false);
    say(turn, " again");
    turn.end();
    expect(turn.text).toBe("Hello again");
  });

  test("tells how it ended", () => {
    const turn = new Turn(message());
    turn.begin(true);
    turn.take({ type: "chat:message:error", data: { error: { content: "Broken." } } });
    turn.take({ type: "chat:tasks:cancel", data: {} });
    expect(turn.message).toMatchObject({ error: { content: "Broken." }, stopped: true });
    turn.begin(true);
    expect(turn.message).toMatchObject({ error: null, stopped: false });
  });

  test("is not changed by an older copy while it is written", () => {
    const turn = new Turn(message());
    turn.begin(true);
    say(turn, "new");
    turn.update(message({ content: "old", childrenIds: ["x"] }));
    turn.end();
    expect(turn.text).toBe("new");
    expect(turn.childrenIds).toEqual(["x"]);
  });
});

describe("replies of several models", () => {
  const replies = ["a", "b", "c"].map((id, index) => new Turn(message({ id, modelIdx: index % 2 })));
  const question = new Turn(
    message({ id: "q", parentId: null, role: "user", models: ["m", "n"], childrenIds: ["a", "b", "c"] }),
  );
  const turns = Object.fromEntries([question, ...replies].map((turn) => [turn.id, turn]));
  const ids = (found: Turn[]): string => found.map(({ id }) => id).join("");

  test("stand side by side, of each model one", () => {
    expect(ids(beside(turns, turns["b"] as Turn))).toBe("cb");
    expect(ids(beside(turns, turns["a"] as Turn))).toBe("ab");
    expect(ids(versions(turns, turns["a"] as Turn))).toBe("ac");
  });
});

describe("what could not be stored", () => {
  test("goes along with the next try, in order", async () => {
    const stored: string[][] = [];
    let isDown = true;
    const saving = new Saving(({ messages, deleted }) => {
      if (isDown) return Promise.reject(new Error("down"));
      stored.push([...Object.keys(messages), ...deleted]);
      return Promise.resolve();
    });
    const first = saving.save({ messages: { q: message({ id: "q" }) } });
    await expect(first).rejects.toThrow("down");
    expect(saving.trouble).toBe("down");
    expect(Object.keys(saving.unsaved)).toEqual(["q"]);
    isDown = false;
    await saving.save({ deleted: ["old"] });
    expect(stored).toEqual([["q", "old"]]);
    expect(saving.trouble).toBe("");
  });

  test("goes along with a request for a reply", async () => {
    const stored: string[] = [];
    const saving = new Saving(() => Promise.reject(new Error("down")));
    await expect(saving.save({ messages: { q: message({ id: "q" }) } })).rejects.toThrow("down");
    const sent = saving.saveAlong({ deleted: ["old"] }, ({ messages, deleted }) => {
      stored.push(...Object.keys(messages), ...deleted);
      return Promise.resolve("task");
    });
    expect(await sent).toBe("task");
    expect([stored, Object.keys(saving.unsaved), saving.trouble]).toEqual([["q", "old"], [], ""]);
  });

  test("is stored by itself when the request for a reply is refused", async () => {
    const stored: string[] = [];
    const saving = new Saving(({ messages }) => Promise.resolve(stored.push(...Object.keys(messages))));
    const sent = saving.saveAlong({ messages: { q: message({ id: "q" }) } }, () =>
      Promise.reject(new Error("no model")),
    );
    await expect(sent).rejects.toThrow("no model");
    expect([stored, Object.keys(saving.unsaved), saving.trouble]).toEqual([["q"], [], ""]);
  });
});
