/** How messages look. A reply shows the state of its message: waiting, thinking, writing, done, stopped or failed. */
import { CUT } from "./api.js";
import { copyButton, el, icon, iconButton } from "./dom.js";
import { Painter } from "./markdown.js";

const SLOW = 4000; // ms without a first word, after which the page says what may be going on

// A stored reply has its thinking in front of the text, in this form of the contract.
const THOUGHT = /^<details type="reasoning"([^>]*)>\s*<summary>.*?<\/summary>(.*?)<\/details>\s*/s;
const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** `{thought, seconds, text}` of a stored reply. */
export function splitReply(content) {
  const match = THOUGHT.exec(content);
  if (!match) return { thought: "", seconds: 0, text: content };
  let thought = match[2].trim().replace(/^(?:&gt;|>) ?/gm, "");
  for (const [sign, entity] of Object.entries(ENTITIES).reverse()) thought = thought.replaceAll(entity, sign);
  const seconds = Number(/duration="(\d+)"/.exec(match[1])?.[1] ?? 0);
  return { thought, seconds, text: content.slice(match[0].length) };
}

/** The opposite of `splitReply`. */
export function joinReply({ thought, seconds, text }) {
  if (!thought) return text;
  const quoted = thought.trim().replace(/[&<>]/g, (sign) => ENTITIES[sign]).replace(/^/gm, "> ");
  const summary = `<summary>Thought for ${seconds} seconds</summary>`;
  return `<details type="reasoning" done="true" duration="${seconds}">\n${summary}\n${quoted}\n</details>\n${text}`;
}

export function questionView(message) {
  const parts = Array.isArray(message.content) ? message.content : [{ text: message.content }];
  const text = parts.map((part) => part.text ?? "[image]").join("\n");
  return el("article", { className: "question", ariaLabel: "You" }, el("p", {}, text), copyButton(() => text));
}

export class ReplyView {
  #frame = 0;
  #slow = 0;
  #body = el("div", { className: "prose" });
  #painter = new Painter(this.#body);
  #thought = el("div", { className: "thought" });
  #summary = el("summary");
  #details = el("details", { hidden: true }, this.#summary, this.#thought);
  #state = el("div", { className: "state" });
  #tools = el("div", { className: "tools" });

  /** `reply` is `{thought, seconds, text}` and grows; `onPaint` is called after each change. */
  constructor(message, reply, { modelName, onPaint, onAgain }) {
    Object.assign(this, { message, reply, modelName, onPaint, onAgain });
    const parts = [this.#details, this.#body, this.#state, this.#tools];
    this.root = el("article", { className: "reply", ariaLabel: `Reply of ${modelName}` }, ...parts);
  }

  /** The reply is on its way: nothing is there yet. */
  wait() {
    const words = el("span", {}, `Waiting for ${this.modelName}`);
    this.#slow = setTimeout(() => words.append(". It may still be loading."), SLOW);
    this.#tools.replaceChildren();
    this.#state.className = "state waiting";
    this.#state.replaceChildren(el("span", { className: "dots" }, el("i"), el("i"), el("i")), words);
    this.onPaint();
  }

  /** Show the text that has come, with the next frame of the screen. */
  grow() {
    this.#frame ||= requestAnimationFrame(() => this.#paint(false));
  }

  /** The reply has ended, one way or another; `note` tells what else went wrong. */
  end(note = "") {
    this.#paint(true);
    this.#state.className = "state";
    this.#state.replaceChildren(...this.#outcome(), ...(note ? [el("p", { className: "quiet" }, note)] : []));
    const again = iconButton("again", "Try again", this.onAgain);
    again.classList.add("again");
    const tools = this.reply.text ? [copyButton(() => this.reply.text), again] : [];
    this.#tools.replaceChildren(...tools, el("span", {}, this.modelName));
    this.onPaint();
  }

  #outcome() {
    const { error, stopped, done } = this.message;
    if (stopped) return [el("p", { className: "quiet" }, "Stopped.")];
    let failure = error && (error.content ?? String(error));
    if (!failure && done === false) failure = CUT;
    if (!failure && !this.reply.text) failure = "The model answered nothing.";
    if (!failure) return [];
    const again = el("button", { type: "button", onclick: this.onAgain }, icon("again"), "Try again");
    return [el("div", { className: "failure" }, el("p", {}, failure), again)];
  }

  #paint(isComplete) {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const { thought, seconds, text } = this.reply;
    if (thought || text) {
      clearTimeout(this.#slow);
      this.#state.replaceChildren();
    }
    this.#details.hidden = !thought;
    this.#summary.textContent = text || isComplete ? `Thought for ${seconds} s` : `Thinking, ${seconds} s`;
    this.#thought.textContent = thought;
    this.#painter.paint(text, isComplete);
    if (!isComplete) this.onPaint();
  }
}
