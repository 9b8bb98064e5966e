/** Long blocks in parts, cut where that changes nothing: between items, rows and lines of code. */
import type { Token, Tokens } from "marked";

/** What cannot change, and what must stand before the rest so that it reads as more of the same. */
export interface Part {
  token: Token;
  prefix: string;
}

interface Split {
  parts: Part[];
  rest: Token;
}

const LONG = 1024; // characters of a part, at least

/** The parts of a block that further text cannot change, and the rest. The same text is always cut alike. */
export function splitBlock(token: Token, prefix: string): Split {
  const tokens = token.raw.length < LONG ? [token] : cutBlock(token, prefix);
  const rest = tokens.pop() ?? token;
  const head = prefix || headOf(token);
  return { parts: tokens.map((part) => ({ token: part, prefix: head })), rest };
}

/** The lines that tell what follows: the opening fence of code, and the first two lines of a table. */
export function headOf({ type, raw }: Token): string {
  if (type === "code") return /^(?:```|~~~).*\n/.exec(raw)?.[0] ?? "";
  return type === "table" ? (/^.*\n.*\n/.exec(raw)?.[0] ?? "") : "";
}

function cutBlock(token: Token, prefix: string): Token[] {
  if (token.type === "list") return cutList(token as Tokens.List);
  if (token.type === "table") return cutTable(token as Tokens.Table, prefix ? "" : headOf(token));
  const isFenced = token.type === "code" && (prefix || headOf(token));
  return isFenced ? cutCode(token as Tokens.Code, prefix ? "" : headOf(token)) : [token];
}

function cutList(list: Tokens.List): Token[] {
  const parts = grouped(list.items, (item) => item.raw.length);
  const raws = parts.map((items) => items.map(({ raw }) => raw).join(""));
  return parts.map((items, index) => ({ ...list, items, raw: rawOf(list.raw, raws, index) }));
}

function cutTable(table: Tokens.Table, head: string): Token[] {
  const lines = linesOf(table.raw.slice(head.length)).slice(0, table.rows.length);
  if (lines.length < table.rows.length) return [table];
  const raws = grouped(lines, (line) => line.length).map((group) => group.join(""));
  const parts = grouped([...table.rows.keys()], (index) => lines[index]?.length ?? 0);
  return parts.map((indexes, index) => ({
    ...table,
    rows: indexes.flatMap((row) => [table.rows[row] ?? []]),
    raw: rawOf(table.raw, [head + (raws[0] ?? ""), ...raws.slice(1)], index),
  }));
}

function cutCode(code: Tokens.Code, head: string): Token[] {
  const texts = grouped(linesOf(code.text), (line) => line.length).map((group) => group.join(""));
  const raws = [head + (texts[0] ?? ""), ...texts.slice(1)];
  return texts.map((text, index) => ({ ...code, text, raw: rawOf(code.raw, raws, index) }));
}

const linesOf = (text: string): string[] => text.split(/(?<=\n)/);

/** What stands in the source for a part; the last one has what is left, such as blank lines and the closing fence. */
function rawOf(source: string, raws: string[], index: number): string {
  const isLast = index === raws.length - 1;
  return isLast ? source.slice(raws.slice(0, -1).join("").length) : (raws[index] ?? "");
}

/** Groups that are long enough, and what is left, which has at least one. */
function grouped<Value>(values: Value[], size: (value: Value) => number): Value[][] {
  const groups: Value[][] = [[]];
  let length = 0;
  for (const value of values) {
    if (length >= LONG) {
      groups.push([]);
      length = 0;
    }
    groups.at(-1)?.push(value);
    length += size(value);
  }
  return groups;
}
