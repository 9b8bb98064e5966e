/** Formulas in Markdown: `$a$`, `$$a$$`, `\(a\)` and `\[a\]`, as tokens of their own. */
import type { MarkedExtension, TokenizerExtension, TokenizerThis } from "marked";

export interface Formula {
  type: "formula";
  raw: string;
  text: string;
  isBlock: boolean;
  /** Not so while its end is not written yet. */
  isClosed: boolean;
}

const PAIRS: [opening: string, closing: string, isBlock: boolean][] = [
  ["$$", "$$", true],
  ["\\[", "\\]", true],
  ["\\(", "\\)", false],
];
const MAX_LENGTH = 4000;
const OPENING = /^ {0,3}(\$\$|\\\[)/;
const STARTS = /\n {0,3}(?:\$\$|\\\[)/;
const SIGN = /[\\^_={}+*<>|]/;
const WORDS = /\p{L}{4,}|\s\p{L}{2,}|\p{L}{2,}\s/u;

/** Brackets that are escaped, and sums of money, are found around words; around formulas, signs. */
const isProse = (text: string): boolean => !SIGN.test(text) && WORDS.test(text);

/** Formulas within a line. */
const inline: TokenizerExtension = {
  name: "formula",
  level: "inline",
  start: (source) => {
    const at = source.search(/\$|\\[([]/);
    return at < 0 ? undefined : at;
  },
  tokenizer(source, before) {
    for (const [opening, closing, isBlock] of PAIRS) {
      if (!source.startsWith(opening)) continue;
      const end = source.indexOf(closing, opening.length);
      const text = source.slice(opening.length, end);
      const isLink = closing === "\\]" && source[end + 2] === "(";
      if (end < 0 || !text.trim() || text.length > MAX_LENGTH || isLink || isProse(text)) return undefined;
      return formula(source.slice(0, end + closing.length), text, isBlock, true);
    }
    return source.startsWith("$") ? dollars(source, before.at(-1)?.raw.at(-1) ?? "") : undefined;
  },
};

/** `$a$`, which sums of money must not be taken for: "$5 and $10", "US$5". */
function dollars(source: string, previous: string): Formula | undefined {
  const end = source.indexOf("$", 1);
  const text = source.slice(1, end);
  if (end < 2 || text.length > MAX_LENGTH || text.includes("\n\n") || text.includes("`")) return undefined;
  if (/[\p{L}\p{N}$]/u.test(previous) || /^\s|[\s\\]$/.test(text) || /[\p{L}\p{N}]/u.test(source[end + 1] ?? "")) {
    return undefined;
  }
  return isProse(text) ? undefined : formula(source.slice(0, end + 1), text, false, true);
}

/** Formulas on lines of their own. Whether one begins is told by its first line: what is shown above stays as it is. */
const block: TokenizerExtension = {
  name: "formulaBlock",
  level: "block",
  start: (source) => {
    const at = source.search(STARTS);
    return at < 0 ? undefined : at + 1;
  },
  tokenizer(this: TokenizerThis, source) {
    const [head, opening] = OPENING.exec(source) ?? [];
    if (!head || !opening) return undefined;
    const closing = opening === "$$" ? "$$" : "\\]";
    const blank = source.search(/\n[ \t]*\n/);
    const limit = blank < 0 ? source.length : blank + 1;
    const lineEnd = source.indexOf("\n") + 1 || source.length;
    const end = source.indexOf(closing, head.length);
    if (end < 0 || end >= limit) return formula(source.slice(0, limit), source.slice(head.length, limit), true, false);
    const rest = /^[ \t]*(?:\n|$)/.exec(source.slice(end + 2));
    if (end < lineEnd && !rest) return undefined; // there is more on the line
    return formula(source.slice(0, end + 2 + (rest?.[0].length ?? 0)), source.slice(head.length, end), true, true);
  },
};

const formula = (raw: string, text: string, isBlock: boolean, isClosed: boolean): Formula => ({
  type: "formula",
  raw,
  text,
  isBlock,
  isClosed,
});

export const formulaSyntax: MarkedExtension = { extensions: [inline, block] };
