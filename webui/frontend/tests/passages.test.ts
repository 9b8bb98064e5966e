import { describe, expect, test } from "vitest";
import { addDelta, readPassages, replaceWords, textOf, words, type Passage } from "../src/lib/passages";

const STORED = `<details type="reasoning" done="true" duration="7">
<summary>Thought for 7 seconds</summary>
> Is 1 &lt; 2?
> &lt;/details&gt;
</details>
It is.
<details type="tool_calls" done="true" name="look" arguments="&quot;{}&quot;">
<summary>Called look</summary>
</details>
And so it was.`;

describe("a stored reply", () => {
  test("consists of thoughts, calls and words", () => {
    expect(readPassages(STORED)).toEqual([
      { kind: "thought", text: "Is 1 < 2?\n</details>", seconds: 7 },
      { kind: "text", text: "It is.\n" },
      { kind: "tool", title: "Called look", text: "{}" },
      { kind: "text", text: "And so it was." },
    ]);
  });

  test("keeps as words what only looks like a thought", () => {
    for (const text of [
      'a <details type="reasoning">\nb\n</details>',
      '<details type="reasoning">\nno end',
      "<details>x",
    ]) {
      expect(words(readPassages(text))).toBe(text);
    }
  });

  test("may be given other words, and keeps the rest", () => {
    const passages = readPassages(replaceWords(STORED, "New."));
    expect(passages.map(({ kind }) => kind)).toEqual(["thought", "tool", "text"]);
    expect(words(passages)).toBe("New.");
    expect(replaceWords("old", "new")).toBe("new");
  });

  test("may be a list of parts", () => {
    expect(textOf({ content: [{ type: "text", text: "a" }] })).toBe("a");
  });
});

describe("a reply that comes", () => {
  test("grows without a lost character", () => {
    let passages: Passage[] = [];
    passages = addDelta(passages, { reasoning_content: "Hm" }, 0);
    passages = addDelta(passages, { reasoning_content: " …" }, 2600);
    passages = addDelta(passages, { content: "\n\nYes" }, 2700);
    passages = addDelta(passages, { content: ", \n no." }, 2800);
    expect(passages).toEqual([
      { kind: "thought", text: "Hm …", seconds: 3, since: 0 },
      { kind: "text", text: "Yes, \n no." },
    ]);
  });

  test("takes no known time when it is seen again", () => {
    const once = addDelta([], { reasoning_content: "a" }, null);
    expect(addDelta(once, { reasoning_content: "b" }, null)).toEqual([{ kind: "thought", text: "ab", seconds: null }]);
  });
});
