import { expect, test } from "vitest";
import { titleOf } from "../src/lib/titles";
import { fenced } from "../src/lib/textFiles";

test("a chat is called by the first words of its question", () => {
  expect(titleOf("  Why is\n the sky blue? ")).toBe("Why is the sky blue?");
  expect(titleOf("a".repeat(100))).toHaveLength(60);
});

test("the text of a file is no title", () => {
  expect(titleOf(`${fenced("sum.py", "print(1)\n```")}What does it do?`)).toBe("sum.py What does it do?");
  expect(titleOf("```\ncode\n```")).toBe("``` code ```");
});
