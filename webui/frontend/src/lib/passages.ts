/** What a reply consists of: passages of text, and what is folded between them.
 *
 * The server stores both as one text, in which a thought or the call of a tool is a block `<details type="…">` on
 * lines of its own; what a model says there is escaped and cannot end it.
 */
import type { Delta, Message } from "../api/types";

export type Passage =
  | { kind: "text"; text: string }
  | { kind: "thought"; text: string; seconds: number | null; /** ms since 1970, while it is watched */ since?: number }
  | { kind: "tool"; title: string; text: string };

// Neither may look at a line more than once: a looping model writes long ones.
const HEAD = /^<details type="(reasoning|tool_calls|code_interpreter)"([^>\n]*)>/gm;
const SUMMARY = /^\s*<summary>([^<]*)<\/summary>/;
const END = "</details>";
const ENTITIES: Record<string, string> = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#x27;": "'", "&amp;": "&" };

/** The words alone: what is copied, and what a model is sent of its earlier replies. */
export const words = (passages: readonly Passage[]): string =>
  passages.map((passage) => (passage.kind === "text" ? passage.text : "")).join("");

/** The text of a stored message, which may be a list of parts. */
export function textOf({ content }: Pick<Message, "content">): string {
  if (typeof content === "string") return content;
  return content.map((part) => (part.type === "text" ? part.text : "")).join("\n");
}

/** The passages of a reply as it is stored. */
export function readPassages(content: string): Passage[] {
  const passages: Passage[] = [];
  let position = 0;
  for (const { start, end, type, attributes, inner } of blocks(content)) {
    append(passages, { kind: "text", text: content.slice(position, start) });
    append(passages, readBlock(type, attributes, inner));
    position = end;
  }
  append(passages, { kind: "text", text: content.slice(position) });
  return passages;
}

/** The same reply with other words behind what is folded in it. */
export function replaceWords(content: string, text: string): string {
  const folded = [...blocks(content)].map(({ start, end }) => content.slice(start, end));
  return [...folded, text].join("\n");
}

interface Block {
  start: number;
  end: number;
  type: string;
  attributes: string;
  inner: string;
}

function* blocks(content: string): Generator<Block> {
  let position = 0;
  for (const { index: start, 0: head, 1: type = "", 2: attributes = "" } of content.matchAll(HEAD)) {
    if (start < position) continue;
    const end = content.indexOf(END, start + head.length);
    if (end < 0) return;
    position = end + END.length;
    yield { start, end: position, type, attributes, inner: content.slice(start + head.length, end) };
  }
}

/** The passages lengthened by what has come. What is shown anew, and did not come just now, takes no known time. */
export function addDelta(passages: readonly Passage[], delta: Delta, now: number | null): Passage[] {
  const longer = [...passages];
  if (delta.reasoning_content) addThought(longer, delta.reasoning_content, now);
  // A reply that is continued begins with what was stored of it.
  for (const passage of delta.content ? readPassages(delta.content) : []) append(longer, passage);
  return longer;
}

function addThought(passages: Passage[], text: string, now: number | null): void {
  const last = passages.at(-1);
  if (last?.kind !== "thought") {
    passages.push({ kind: "thought", text, seconds: null, ...(now !== null && { since: now }) });
    return;
  }
  const seconds = last.since !== undefined && now !== null ? Math.round((now - last.since) / 1000) : last.seconds;
  passages[passages.length - 1] = { ...last, text: last.text + text, seconds };
}

function append(passages: Passage[], passage: Passage): void {
  const last = passages.at(-1);
  if (passage.kind !== "text") passages.push(passage);
  else if (last?.kind === "text") passages[passages.length - 1] = { kind: "text", text: last.text + passage.text };
  else {
    const text = last ? passage.text.replace(/^\n+/, "") : passage.text;
    if (text) passages.push({ kind: "text", text });
  }
}

function readBlock(type: string, attributes: string, inner: string): Passage {
  const [head = "", title = ""] = SUMMARY.exec(inner) ?? [];
  const body = inner.slice(head.length).trim();
  if (type === "reasoning") {
    const seconds = Number(/ duration="(\d+)"/.exec(attributes)?.[1] ?? 0) || null;
    return { kind: "thought", text: plain(body.replace(/^(?:&gt;|>) ?/gm, "")), seconds };
  }
  const told = ["arguments", "result"].map((name) => new RegExp(` ${name}="([^"]*)"`).exec(attributes)?.[1] ?? "");
  return {
    kind: "tool",
    title: plain(title),
    text: [...told, body].filter(Boolean).map(plain).map(unquoted).join("\n"),
  };
}

/** The server keeps JSON as a JSON string, since an attribute has no line feeds. */
function unquoted(text: string): string {
  if (!text.startsWith('"')) return text;
  try {
    return String(JSON.parse(text));
  } catch {
    return text; // another client's
  }
}

const plain = (text: string): string => text.replace(/&(?:lt|gt|quot|#x27|amp);/g, (entity) => ENTITIES[entity] ?? "");
