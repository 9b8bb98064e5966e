/** What a reply consists of: passages of text, and what is folded between them.
 *
 * The server stores both as one text, in which a thought or the call of a tool is a block `<details type="…">` on
 * lines of its own; what a model says there is escaped and cannot end it. A passage is `{text}`, a folded one has a
 * `title` as well, or `isThought` and perhaps `seconds`.
 */

// Neither may look at a line more than once: a looping model writes long ones.
const HEAD = /^<details type="(reasoning|tool_calls|code_interpreter)"([^>\n]*)>/gm;
const SUMMARY = /^\s*<summary>([^<]*)<\/summary>/;
const END = "</details>";
const ENTITIES = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#x27;": "'", "&amp;": "&" };

export const isFolded = (passage) => passage.isThought || "title" in passage;

/** The words alone: what is copied, and what a model is sent of its earlier replies. */
export const words = (passages) => passages.filter((passage) => !isFolded(passage)).map(({ text }) => text).join("");

/** The text of a stored message, which may be a list of parts. */
export function textOf({ content }) {
  const parts = Array.isArray(content) ? content : [{ text: content }];
  return parts.map((part) => part.text ?? "[image]").join("\n");
}

/** The passages of a reply as it is stored. */
export function readPassages(content) {
  const passages = [];
  let position = 0;
  for (const head of content.matchAll(HEAD)) {
    if (head.index < position) continue;
    const start = head.index + head[0].length;
    const end = content.indexOf(END, start);
    if (end < 0) break;
    add(passages, { text: content.slice(position, head.index) });
    add(passages, readBlock(head[1], head[2], content.slice(start, end)));
    position = end + END.length;
  }
  add(passages, { text: content.slice(position) });
  return passages;
}

/** Lengthen a reply by what has come. What did not come just now, since it is shown anew, takes no known time. */
export function addDelta(passages, delta, isNow) {
  if (delta.reasoning_content) addThought(passages, delta.reasoning_content, isNow);
  // A reply that is continued begins with what was stored of it.
  for (const passage of delta.content ? readPassages(delta.content) : []) add(passages, passage);
}

function addThought(passages, text, isNow) {
  if (!passages.at(-1)?.isThought) passages.push({ isThought: true, text: "", since: isNow && Date.now() });
  const last = passages.at(-1);
  last.text += text;
  if (last.since) last.seconds = Math.round((Date.now() - last.since) / 1000);
}

function add(passages, passage) {
  const last = passages.at(-1);
  if (isFolded(passage)) passages.push(passage);
  else if (last && !isFolded(last)) last.text += passage.text;
  else {
    const text = last ? passage.text.replace(/^\n+/, "") : passage.text;
    if (text) passages.push({ text });
  }
}

function readBlock(type, attributes, inner) {
  const [head = "", title = ""] = SUMMARY.exec(inner) ?? [];
  const body = inner.slice(head.length).trim();
  if (type === "reasoning") {
    const seconds = Number(/ duration="(\d+)"/.exec(attributes)?.[1] ?? 0);
    return { isThought: true, text: plain(body.replace(/^(?:&gt;|>) ?/gm, "")), seconds };
  }
  const told = ["arguments", "result"].map((name) => new RegExp(` ${name}="([^"]*)"`).exec(attributes)?.[1] ?? "");
  return { title: plain(title) || "Tool", text: [...told, body].filter(Boolean).map(plain).join("\n") };
}

const plain = (text) => text.replace(/&(?:lt|gt|quot|#x27|amp);/g, (entity) => ENTITIES[entity]);
