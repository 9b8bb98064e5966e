import { describe, expect, it } from "vitest";
import { commandOf, keyNames, shortcuts } from "../src/lib/shortcuts";

const none = { ctrlKey: false, metaKey: false, shiftKey: false, altKey: false };
const idle = { isMac: false, isWriting: false };

describe("shortcuts", () => {
  it("are found by their keys", () => {
    expect(commandOf({ ...none, key: "k", ctrlKey: true }, idle)).toBe("palette");
    expect(commandOf({ ...none, key: "O", ctrlKey: true, shiftKey: true }, idle)).toBe("newChat");
    expect(commandOf({ ...none, key: "o", ctrlKey: true }, idle)).toBeNull();
    expect(commandOf({ ...none, key: "k", ctrlKey: true, altKey: true }, idle)).toBeNull();
  });

  it("are made with the command key on a Mac", () => {
    const mac = { isMac: true, isWriting: false };
    expect(commandOf({ ...none, key: "k", metaKey: true }, mac)).toBe("palette");
    expect(commandOf({ ...none, key: "k", ctrlKey: true }, mac)).toBeNull();
  });

  it("of one character wait until nothing is being written", () => {
    const question = { ...none, key: "?", shiftKey: true };
    expect(commandOf(question, idle)).toBe("shortcuts");
    expect(commandOf(question, { isMac: false, isWriting: true })).toBeNull();
    expect(commandOf({ ...none, key: "k", ctrlKey: true }, { isMac: false, isWriting: true })).toBe("palette");
  });

  it("do one thing each", () => {
    const keys = shortcuts.flatMap((shortcut) => shortcut.keys ?? []);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("are written as on the keyboard", () => {
    expect(keyNames("mod+shift+o", false)).toEqual(["Ctrl", "Shift", "O"]);
    expect(keyNames("mod+,", true)).toEqual(["⌘", ","]);
  });
});
