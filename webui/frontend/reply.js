/** How messages look. A reply shows the state of its message: waiting, thinking, writing, done, stopped or failed. */
import { copyButton, el, icon, iconButton } from "./dom.js";
import { Painter } from "./markdown.js";
import { addDelta, isFolded, readPassages, textOf, words } from "./passages.js";

const SLOW = 4000; // ms without a first word, after which the page says what may be going on
const CUT = "The reply broke off before its end.";
const INTERRUPTED = "The server stopped in the middle of this reply.";
const OFFLINE = "The connection is lost. Trying to get back to the reply …";

export function questionView(message) {
  const text = textOf(message);
  return el("article", { className: "question", ariaLabel: "You" }, el("p", {}, text), copyButton(() => text));
}

/** A passage of text. */
class Prose {
  root = el("div", { className: "prose" });
  #painter = new Painter(this.root);

  paint({ text }, isComplete) {
    this.#painter.paint(text, isComplete);
  }
}

/** A passage that is shown when one asks for it. */
class Fold {
  #summary = el("summary");
  #body = el("div", { className: "thought" });
  root = el("details", {}, this.#summary, this.#body);

  paint({ title, seconds, text }, isComplete) {
    const time = seconds ? (isComplete ? ` for ${seconds} s` : `, ${seconds} s`) : "";
    this.#summary.textContent = title ?? (isComplete ? "Thought" : "Thinking") + time;
    this.#body.textContent = text.trim();
  }
}

export class ReplyView {
  #frame = 0;
  #slow = 0;
  #passages;
  #isNow = false; // whether what comes has only just been said
  #parts = []; // one for each passage
  #content = el("div", { className: "passages" });
  #state = el("div", { className: "state" });
  #tools = el("div", { className: "tools" });

  /** `onPaint` is called after each change, `onAgain` and `onContinue` when the user wants another reply or more. */
  constructor(message, { modelName, onPaint, onAgain, onContinue }) {
    Object.assign(this, { message, modelName, onPaint, onAgain, onContinue });
    this.#passages = readPassages(textOf(message));
    const parts = [this.#content, this.#state, this.#tools];
    this.root = el("article", { className: "reply", ariaLabel: `Reply of ${modelName}` }, ...parts);
  }

  get text() {
    return words(this.#passages);
  }

  /** The reply is on its way; there may be a part of it. `isNow`: it has been asked for just now. */
  wait(isNow) {
    this.#isNow = isNow;
    this.#tools.replaceChildren();
    this.#paint(false);
    this.#showWaiting();
  }

  /** The connection was made or broken. From the start it brings the whole; what is shown stays until that has come. */
  link(isOpen, isFromStart) {
    if (isOpen) this.#showWaiting();
    else this.note(OFFLINE);
    this.#isNow &&= isOpen;
    if (isFromStart) this.#passages = [];
  }

  add(delta) {
    addDelta(this.#passages, delta, this.#isNow);
    this.#frame ||= requestAnimationFrame(() => this.#paint(false));
  }

  /** Say something about the reply until there is more of it. */
  note(text) {
    this.#state.className = "state";
    this.#state.replaceChildren(el("p", { className: "quiet" }, text));
    this.onPaint();
  }

  /** The reply has ended, one way or another; `failure` tells what went wrong here and not in the reply. */
  end(failure = "") {
    if (this.message.done) this.#passages = readPassages(textOf(this.message));
    this.#paint(true);
    this.#state.className = "state";
    this.#state.replaceChildren(...this.#outcome(failure));
    const again = iconButton("again", "Try again", this.onAgain);
    again.classList.add("again");
    const tools = this.text ? [copyButton(() => this.text), again] : [];
    this.#tools.replaceChildren(...tools, el("span", {}, this.modelName));
    this.onPaint();
  }

  #showWaiting() {
    clearTimeout(this.#slow);
    this.#state.className = "state waiting";
    if (this.#passages.length) return this.#state.replaceChildren();
    const waiting = el("span", {}, `Waiting for ${this.modelName}`);
    this.#slow = setTimeout(() => waiting.append(". It may still be loading."), SLOW);
    this.#state.replaceChildren(el("span", { className: "dots" }, el("i"), el("i"), el("i")), waiting);
  }

  #outcome(failure) {
    const { error, stopped, interrupted, done } = this.message;
    if (!failure && stopped) return [el("p", { className: "quiet" }, "Stopped.")];
    let trouble = failure || (error && (error.content ?? String(error)));
    if (!trouble && interrupted) trouble = INTERRUPTED;
    if (!trouble && done === false) trouble = CUT;
    if (!trouble && !this.text) trouble = "The model answered nothing.";
    if (!trouble) return [];
    const goesOn = interrupted && this.text;
    const [label, onclick] = goesOn ? ["Continue", this.onContinue] : ["Try again", this.onAgain];
    const button = el("button", { type: "button", onclick }, icon(goesOn ? "on" : "again"), label);
    const className = trouble === INTERRUPTED ? "failure mild" : "failure";
    return [el("div", { className }, el("p", {}, trouble), button)];
  }

  #paint(isComplete) {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    if (this.#passages.length) {
      clearTimeout(this.#slow);
      this.#state.replaceChildren();
    }
    this.#passages.forEach((passage, index) => {
      const isEnd = isComplete || index < this.#passages.length - 1;
      this.#part(index, isFolded(passage) ? Fold : Prose).paint(passage, isEnd);
    });
    for (const part of this.#parts.splice(this.#passages.length)) part.root.remove();
    if (!isComplete) this.onPaint();
  }

  #part(index, Kind) {
    if (this.#parts[index] instanceof Kind) return this.#parts[index];
    for (const part of this.#parts.splice(index)) part.root.remove();
    const part = new Kind();
    this.#parts.push(part);
    this.#content.append(part.root);
    return part;
  }
}
