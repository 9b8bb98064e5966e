import { expect, it } from "vitest";
import { markMatches, searchedText } from "../src/lib/marks";

const marked = (text: string, wanted: string): string =>
  markMatches(text, wanted)
    .map((piece) => (piece.isMatch ? `[${piece.text}]` : piece.text))
    .join("");

it("marks what was searched for, whatever the case", () => {
  expect(marked("Cats and cats", "cat")).toBe("[Cat]s and [cat]s");
  expect(marked("Über", "über")).toBe("[Über]");
  expect(marked("nothing here", "cat")).toBe("nothing here");
});

it("takes everything literally", () => {
  expect(marked("a.b a+b (c)", "a+b")).toBe("a.b [a+b] (c)");
  expect(marked("<b>", "<b>")).toBe("[<b>]");
  expect(marked("text", "")).toBe("text");
});

it("leaves filters out", () => {
  expect(searchedText("tag:work green Pinned:true tea")).toBe("green tea");
  expect(searchedText("note: this")).toBe("note: this");
});
