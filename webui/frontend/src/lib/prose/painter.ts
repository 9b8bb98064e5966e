/** Paints Markdown that grows. Blocks that are complete are painted once and left alone. */
import type { Token, Tokens } from "marked";
import { Blocks, type Piece } from "./blocks";
import { finishCode } from "./code";
import { element, isSameElement, updateChildren } from "./dom";
import { addJob, dropJob, isWaiting, type Job } from "./frames";
import { blockElement, bodyOf } from "./nodes";

const CHUNK = 8000; // characters that stand in one element; what is off screen costs nothing (content-visibility)
const TOP_LEVEL = 2; // of the heading that a reply is under

/** The block that was painted last. */
interface Last {
  block: HTMLElement;
  /** How many nodes of its body are final. */
  fixed: number;
  state: Piece["state"];
}

export class Painter {
  readonly #root: HTMLElement;
  #text = "";
  #isComplete = false;
  #blocks = new Blocks();
  #pieces: Generator<Piece> | undefined;
  #chunk: HTMLElement | undefined;
  #size = 0; // of what is final in the chunk
  #last: Last | undefined;
  #level = TOP_LEVEL; // of the last heading

  constructor(root: HTMLElement) {
    this.#root = root;
  }

  /** Whether all of the text is on the page. */
  get isIdle(): boolean {
    return !isWaiting(this.#step);
  }

  /** Shows the text, as far as there is time, and the rest in the next frames. Until it is complete, it only grows. */
  paint(text: string, isComplete: boolean): void {
    const source = text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
    if (source === this.#text && (this.#isComplete || !isComplete)) return;
    if (this.#isComplete || !source.startsWith(this.#text)) this.#clear();
    this.#text = source;
    this.#isComplete = isComplete;
    this.#pieces = undefined;
    addJob(this.#step);
  }

  close(): void {
    dropJob(this.#step);
  }

  #clear(): void {
    this.#root.replaceChildren();
    this.#blocks = new Blocks();
    this.#chunk = this.#last = undefined;
    this.#size = 0;
    this.#level = TOP_LEVEL;
  }

  readonly #step: Job = () => {
    this.#pieces ??= this.#blocks.pieces(this.#text, this.#isComplete);
    const { value, done } = this.#pieces.next();
    if (value) this.#show(value);
    return !done;
  };

  #show(piece: Piece): void {
    const made = blockElement(piece.token, this.#level);
    const last = this.#last;
    if (last && piece.continues) this.#lengthen(last, made, piece);
    else if (last?.state === "open") this.#change(last, made);
    else this.#append(made);
    if (this.#last) this.#last.state = piece.state;
    if (piece.state !== "open") this.#fix(piece);
  }

  #append(block: HTMLElement): void {
    if (!this.#chunk || this.#size > CHUNK) {
      this.#chunk = element("div", { class: "chunk" });
      this.#root.append(this.#chunk);
      this.#size = 0;
    }
    this.#chunk.append(block);
    this.#last = { block, fixed: 0, state: "open" };
  }

  #change(last: Last, made: HTMLElement): void {
    if (last.fixed) this.#append(made);
    else if (isSameElement(last.block, made)) updateChildren(last.block, 0, [...made.childNodes]);
    else {
      last.block.replaceWith(made);
      last.block = made;
    }
  }

  /** More of the same block; it gets another element when it is too long for one. */
  #lengthen(last: Last, made: HTMLElement, { token }: Piece): void {
    const isNewChunk = last.state === "part" && this.#size > CHUNK;
    if (isNewChunk && token.type !== "code") {
      if (isOrdered(token)) made.setAttribute("start", String(nextNumber(last.block)));
      this.#append(made);
      return;
    }
    if (isNewChunk) {
      bodyOf(last.block).after(element("code"));
      last.fixed = this.#size = 0;
    }
    updateChildren(bodyOf(last.block), last.fixed, [...bodyOf(made).childNodes]);
  }

  #fix({ token, state }: Piece): void {
    if (!this.#last || !this.#chunk) return;
    this.#last.fixed = bodyOf(this.#last.block).childNodes.length;
    this.#size += token.raw.length;
    if (token.type === "heading") this.#level = Number(this.#last.block.tagName.slice(1));
    if (state === "end" || token.type !== "code") finishCode(this.#chunk);
  }
}

const isOrdered = (token: Token): boolean => token.type === "list" && (token as Tokens.List).ordered;

const nextNumber = (list: HTMLElement): number => Number(list.getAttribute("start") ?? 1) + list.childElementCount;
