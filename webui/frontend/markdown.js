/** Markdown as models write it, built as DOM nodes: what a model says can never become markup or script.
 *
 * A reply is a row of blocks. While it grows only its last block is built anew; what stands above stays untouched, so
 * that a selection in it survives and nothing moves.
 */
import { copyButton, el } from "./dom.js";
import { inline } from "./inline.js";

// None of these may backtrack over a long line more than once: a looping model writes such lines.
const FENCE = /^( *)(`{3,}|~{3,}(?!~))(?=[^`]*$) *([^\s`]*)/;
const HEADING = /^ {0,3}(#{1,6}) +(.*)$/;
const HEADING_END = /(?<![^ ])#+$/;
const RULE = /^ {0,3}([-*_])( *\1){2,} *$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( *)([-*+]|\d{1,9}[.)])( +|$)/;
const TABLE_RULE = /^( *\|)?( *:?-+:? *\|)+( *:?-+:? *)?$/;
// The beginning of a line that does not yet say what it will be; shown, it would jump a moment later.
const UNDECIDED = /(^|\n) *(\d{1,9}[.)]?|[-*+_#`~>|]+) *$/;
const DEEPEST = 16; // blocks in each other; what is deeper stays as it was written
const LONGEST = 20_000; // characters of a paragraph; a longer one is plain text, as it is built anew with each frame

/** Shows a text in `root` that grows at its end; any other is built anew. */
export class Painter {
  #shown = "";
  #settled = 0; // characters in finished blocks
  #last = null; // the block that may still change

  constructor(root) {
    this.root = root;
  }

  paint(whole, isComplete) {
    const text = isComplete ? whole : whole.replace(UNDECIDED, "$1");
    if (text === this.#shown) return;
    if (!text.startsWith(this.#shown)) this.#clear();
    this.#shown = text;
    const lines = text.slice(this.#settled).split("\n");
    const blocks = readBlocks(lines);
    const open = blocks.at(-1);
    if (blocks.length === 1 && this.#last && continueCode(this.#last, open.node)) return;
    this.#last?.remove();
    for (const { node } of blocks) this.root.append(node);
    this.#last = open?.node ?? null;
    for (const line of lines.slice(0, open?.start ?? 0)) this.#settled += line.length + 1;
  }

  #clear() {
    this.root.replaceChildren();
    [this.#settled, this.#last] = [0, null];
  }
}

// An open code block takes the new text into the node that it has, and so keeps its scroll position and selection.
function continueCode(shown, next) {
  if (shown.className !== "code" || next.className !== "code") return false;
  const [from, to] = [shown, next].map((node) => node.querySelector("code"));
  if (!to.textContent.startsWith(from.textContent) || from.className !== to.className) return false;
  from.firstChild.appendData(to.textContent.slice(from.textContent.length));
  return true;
}

function readBlocks(lines, depth = 0) {
  const blocks = [];
  for (let at = 0; at < lines.length; ) {
    if (!lines[at].trim()) {
      at += 1;
      continue;
    }
    const { node, end } = readBlock(lines, at, depth);
    blocks.push({ node, start: at });
    at = end;
  }
  return blocks;
}

function readBlock(lines, at, depth) {
  const line = lines[at];
  const heading = HEADING.exec(line);
  if (FENCE.test(line)) return readCode(lines, at);
  if (heading) return { node: readHeading(...heading), end: at + 1 };
  if (RULE.test(line)) return { node: el("hr"), end: at + 1 };
  if (depth < DEEPEST && QUOTE.test(line)) return readQuote(lines, at, depth);
  if (depth < DEEPEST && ITEM.test(line)) return readList(lines, at, depth);
  if (isTable(lines, at)) return readTable(lines, at);
  return readParagraph(lines, at);
}

const isTable = (lines, at) => lines[at].includes("|") && TABLE_RULE.test(lines[at + 1] ?? "");
const startsBlock = (lines, at) => [FENCE, HEADING, RULE, QUOTE, ITEM].some((start) => start.test(lines[at]));

function readHeading(_, signs, text) {
  return el(`h${Math.min(signs.length + 1, 6)}`, {}, ...words(text.trimEnd().replace(HEADING_END, "").trimEnd()));
}

function readCode(lines, at) {
  const [, indent, fence, language] = FENCE.exec(lines[at]);
  const isEnd = (line) => line.trim().startsWith(fence) && !line.trim().replaceAll(fence[0], "");
  let end = at + 1;
  while (end < lines.length && !isEnd(lines[end])) end += 1;
  const source = lines.slice(at + 1, end).map((line) => line.slice(Math.min(indent.length, line.search(/\S|$/))));
  const code = el("code", { className: `language-${language}` }, document.createTextNode(source.join("\n")));
  const bar = el("div", { className: "bar" }, el("span", {}, language || "text"), copyButton(() => code.textContent));
  const node = el("div", { className: "code" }, bar, el("pre", { tabIndex: 0 }, code));
  return { node, end: end + 1 };
}

function readQuote(lines, at, depth) {
  let end = at;
  while (end < lines.length && QUOTE.test(lines[end])) end += 1;
  const inner = lines.slice(at, end).map((line) => line.replace(QUOTE, ""));
  return { node: el("blockquote", {}, ...nodes(inner, depth + 1)), end };
}

/** Items of one kind, with what is indented below them; blank lines between are part of the list. */
function readList(lines, at, depth) {
  const [, indent, mark] = ITEM.exec(lines[at]);
  const ordered = /\d/.test(mark);
  const list = ordered ? el("ol", { start: parseInt(mark, 10) }) : el("ul");
  const isItem = (line) => {
    const found = ITEM.exec(line);
    return found && !RULE.test(line) && found[1].length <= indent.length + 1 && /\d/.test(found[2]) === ordered;
  };
  let end = at;
  while (end < lines.length && isItem(lines[end])) {
    const width = ITEM.exec(lines[end])[0].length;
    const item = [lines[end].slice(width)];
    for (end += 1; end < lines.length && belongs(lines, end, indent.length, item.at(-1)); end += 1) {
      item.push(lines[end].slice(Math.min(width, lines[end].search(/\S|$/))));
    }
    const [first, ...more] = nodes(item, depth + 1);
    const lead = first?.tagName === "P" ? first.childNodes : [first ?? ""];
    list.append(el("li", {}, ...lead, ...more));
    while (end + 1 < lines.length && !lines[end].trim() && isItem(lines[end + 1])) end += 1;
  }
  return { node: list, end };
}

/** Whether a line is part of the list item above it. */
function belongs(lines, at, indent, before) {
  if (!lines[at].trim()) return /^ /.test(lines[at + 1] ?? "") && lines[at + 1].search(/\S/) > indent;
  return lines[at].search(/\S/) > indent + 1 || (before.trim() !== "" && !startsBlock(lines, at));
}

function readTable(lines, at) {
  const cells = (line) => line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim());
  const row = (line, tag) => el("tr", {}, ...cells(line).map((cell) => el(tag, {}, ...words(cell))));
  let end = at + 2;
  while (end < lines.length && lines[end].includes("|")) end += 1;
  const body = lines.slice(at + 2, end).map((line) => row(line, "td"));
  const table = el("table", {}, el("thead", {}, row(lines[at], "th")), el("tbody", {}, ...body));
  return { node: el("div", { className: "table", tabIndex: 0 }, table), end };
}

function readParagraph(lines, at) {
  let end = at + 1;
  while (end < lines.length && lines[end].trim() && !startsBlock(lines, end) && !isTable(lines, end)) end += 1;
  const text = lines.slice(at, end).map((line) => line.trim()).join("\n");
  return { node: el("p", {}, ...words(text)), end };
}

const nodes = (lines, depth) => readBlocks(lines, depth).map(({ node }) => node);
const words = (text) => (text.length > LONGEST ? [text] : inline(text));
