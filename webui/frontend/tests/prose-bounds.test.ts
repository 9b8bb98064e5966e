/** No text makes reading it slow: the work for each step is bounded, and all of it grows with the length alone. */
import { Lexer } from "marked";
import { afterEach, expect, test, vi } from "vitest";
import { Blocks } from "../src/lib/prose/blocks";

const PATTERNS = [
  ...["> ", "- ", "1. ", "* - ", "+ 1. > ", ">", "  - a\n", "- a\n ", "> a\n>> b\n"],
  ...["*", "**", "*a ", "**a*", "__a_", "_a ", "~~a~", "~", "***a** ", "*_"],
  ...["[", "![", "[a](", "![](", "[[a]", "[a][", "[a]: b\n", "](", "\\[", "\\(", "$", "$$", "$a ", "\\"],
  ...["<", "<a ", "<div>\n", "<!--", "</", "<a href='", "<https://a ", "<br>"],
  ...["`", "``a`", "`a``", "```\n", "~~~\n", "    a\n", "&", "&#1;", "&amp;"],
  ...[
    "|",
    "|a",
    "|a|\n|-|\n",
    "|a|b|\n",
    "a\n---\n",
    "---\n",
    "# ",
    "#\n",
    "http://",
    "www.a.",
    "a@b.",
    "x",
    "\n",
    " ",
    "\t",
  ],
];
const LENGTH = 100_000;

/** Counts what marked is given to read, at every level. */
function countWork(): { characters: number; calls: number } {
  const work = { characters: 0, calls: 0 };
  for (const method of ["blockTokens", "inlineTokens"] as const) {
    const original = Lexer.prototype[method] as (...all: unknown[]) => never;
    vi.spyOn(Lexer.prototype, method).mockImplementation(function (this: Lexer, ...all: unknown[]) {
      work.characters += String(all[0]).length;
      work.calls += 1;
      return original.apply(this, all);
    });
  }
  return work;
}

afterEach(() => vi.restoreAllMocks());

test.each(PATTERNS)("%j", (pattern) => {
  const text = pattern.repeat(Math.ceil(LENGTH / pattern.length)).slice(0, LENGTH);
  const work = countWork();
  let worst = 0;
  let shown = 0;
  let before = 0;
  for (const { token } of new Blocks().pieces(text, true)) {
    worst = Math.max(worst, work.characters - before);
    before = work.characters;
    shown += token.raw.length;
  }
  expect(shown).toBeGreaterThan(/^\s+$/.test(pattern) ? -1 : LENGTH / 3); // blank lines and the like are no pieces
  expect(worst, "characters for one step").toBeLessThan(40 * 8192);
  expect(work.characters, "characters for all").toBeLessThan(60 * LENGTH);
  expect(work.calls, "calls").toBeLessThan(2 * LENGTH);
});

test("a token that is added to a long text costs no more than the open end", () => {
  const line = "| some words | and **more** of them |\n";
  const text = `| a | b |\n|---|---|\n${line.repeat(5000)}`;
  const blocks = new Blocks();
  for (const piece of blocks.pieces(text, false)) void piece;
  const lexed = vi.spyOn(Lexer.prototype, "lex");
  for (const piece of blocks.pieces(`${text}| so`, false)) void piece;
  expect(lexed.mock.calls.map(([source]) => source.length).reduce((sum, length) => sum + length, 0)).toBeLessThan(3000);
});
