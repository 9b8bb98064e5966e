/** Text within a block: emphasis, code and links, in time linear in its length.
 *
 * A pattern for a whole span would look for the missing end of each unclosed mark through all of the text again. Here
 * a mark that was once found to have no end ahead is plain text from there on.
 */
import { el } from "./dom.js";

const OPEN = new RegExp(
  [
    /\\([!-/:-@[-`{-~])/, // 1: escaped
    /!?\[([^[\]]*)\]\(([^\s()]*(?:\([^\s()]*\)[^\s()]*)*)(?: "[^"]*")?\)/, // 2, 3: link; a picture would call its host
    /(https?:\/\/[^\s<>"')\]*`]*[^\s<>"')\]*`.,:;!?])/, // 4: bare address
    /(`{1,16}(?!`)|\*\*(?!\s)|\*(?![\s*])|(?<!\w)__(?!\s)|(?<!\w)_(?![\s_])|~~)/, // 5: mark
  ].map((part) => part.source).join("|"),
  "g",
);
const SPANS = {
  "**": { tag: "strong", close: /(?<!\s)\*\*(?!\*)/g },
  "*": { tag: "em", close: /(?<![\s*])\*(?!\*)/g },
  "__": { tag: "strong", close: /(?<!\s)__(?!\w)/g },
  "_": { tag: "em", close: /(?<![\s_])_(?!\w)/g },
  "~~": { tag: "del", close: /~~/g },
};
const DEEPEST = 16; // spans in each other; what is deeper stays as it was written
const PROTOCOLS = ["http:", "https:", "mailto:"];

/** The nodes and strings that show `text`. */
export function inline(text, depth = 0) {
  if (depth > DEEPEST) return [text];
  const found = [];
  const unclosed = new Set();
  let plain = 0; // where the text that is not in `found` begins
  for (let match, at = 0; (match = find(OPEN, text, at)); ) {
    const span = readSpan(match, unclosed, depth + 1);
    at = span?.end ?? match.index + 1;
    if (!span) continue;
    if (match.index > plain) found.push(text.slice(plain, match.index));
    found.push(span.node);
    plain = at;
  }
  if (plain < text.length) found.push(text.slice(plain));
  return found;
}

/** What begins at `match` and where it ends; nothing if it is a mark without an end, as `unclosed` then says. */
function readSpan(match, unclosed, depth) {
  const [whole, escaped, label, target, address, mark] = match;
  const end = match.index + whole.length;
  if (escaped) return { node: escaped, end };
  if (!mark) return { node: link(target ?? address, label || (target ?? address), whole, depth), end };
  if (unclosed.has(mark)) return null;
  const close = find(SPANS[mark]?.close ?? new RegExp(`(?<!\`)${mark}(?!\`)`, "g"), match.input, end + 1);
  if (!close) {
    unclosed.add(mark);
    return null;
  }
  const inner = match.input.slice(end, close.index);
  const node = mark in SPANS
    ? el(SPANS[mark].tag, {}, ...inline(inner, depth))
    : el("code", {}, inner.trim() || inner);
  return { node, end: close.index + mark.length };
}

function find(pattern, text, from) {
  pattern.lastIndex = from;
  return pattern.exec(text);
}

function link(target, label, whole, depth) {
  if (!URL.canParse(target) || !PROTOCOLS.includes(new URL(target).protocol)) return whole;
  const content = label === target ? [label] : inline(label, depth);
  return el("a", { href: target, target: "_blank", rel: "noopener noreferrer" }, ...content);
}
