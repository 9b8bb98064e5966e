/** Cuts a growing text into blocks of Markdown, of which those that cannot change any more are read only once. */
import type { Token, Tokens } from "marked";
import { characterEnd, countMarks, lex } from "./lexer";
import { headOf, splitBlock, type Part } from "./parts";

/** A block, or a part of a long one. */
export interface Piece {
  token: Token;
  /** It belongs to the block of the piece before. */
  continues: boolean;
  /** `open`: comes again when there is more of it; `part`: more of the block comes; `end`: the block is complete. */
  state: "open" | "part" | "end";
}

const WINDOW = 8192; // characters that are read at once: what takes time takes it for these
const STEP = 2048; // of which only one may be dense, since the time that marks take grows with their square
const DENSE = 256; // marks in a step; prose has a tenth of that
const MAX_UNDECIDED = 1000;

export class Blocks {
  #position = 0;
  #prefix = ""; // what must stand before the rest of a block so that it reads as more of the same
  #type = ""; // of the block that goes on

  /** What is new: pieces that are complete, then the open one. Of `text`, which only grows, all is given each time. */
  *pieces(text: string, isComplete: boolean): Generator<Piece> {
    while (this.#position < text.length) {
      const start = this.#position;
      const window = text.slice(start, windowEnd(text, start));
      const isFull = start + window.length < text.length;
      const isEnd = isComplete && !isFull;
      const source = isEnd ? window : window.slice(0, window.length - undecided(window));
      const tokens = this.#lex(source);
      const closed = isEnd ? tokens.length : countClosed(tokens);
      for (const token of tokens.slice(0, closed)) yield* this.#end(token);
      const open = tokens[closed] && (yield* this.#parts(tokens[closed]));
      if (isFull && this.#position === start) yield* this.#force(source, open);
      if (isFull) continue;
      if (open) yield { token: open, continues: this.#continues(open), state: "open" };
      return;
    }
  }

  #lex(source: string): Token[] {
    const [first, ...others] = lex(this.#prefix + source);
    if (!first) return [];
    if (this.#continues(first)) return [{ ...first, raw: first.raw.slice(this.#prefix.length) }, ...others];
    const isRead = !this.#prefix;
    this.#prefix = this.#type = "";
    return isRead ? [first, ...others] : lex(source);
  }

  #continues(token: Token): boolean {
    return this.#type === token.type;
  }

  /** The parts of a long block that cannot change; returns the rest. */
  *#parts(token: Token): Generator<Piece, Token> {
    const { parts, rest } = splitBlock(token, this.#prefix);
    for (const part of parts) yield this.#part(part);
    return rest;
  }

  // Positions are moved first: who reads the pieces may stop at any.
  #part({ token, prefix }: Part): Piece {
    const continues = this.#continues(token);
    this.#position += token.raw.length;
    this.#prefix = prefix;
    this.#type = token.type;
    return { token, continues, state: "part" };
  }

  *#end(whole: Token): Generator<Piece> {
    const token = yield* this.#parts(whole);
    const continues = this.#continues(token);
    this.#position += token.raw.length;
    this.#prefix = this.#type = "";
    if (token.type !== "space") yield { token, continues, state: "end" };
  }

  /** Ends a block that is too long to be read at once at the last line or word that fits. Code goes on. */
  *#force(source: string, open: Token | undefined): Generator<Piece> {
    const half = source.length / 2;
    const [line, word] = [source.lastIndexOf("\n") + 1, source.lastIndexOf(" ") + 1];
    const length = line > half ? line : word > half ? word : characterEnd(source, source.length);
    const prefix = open?.type === "code" ? this.#prefix || headOf(open) : "";
    if (open && prefix) yield this.#part({ token: open, prefix });
    else for (const token of this.#lex(source.slice(0, length))) yield* this.#end(token);
  }
}

/** Where the window that starts here ends; it depends on nothing behind that, so it is the same when there is more. */
function windowEnd(text: string, start: number): number {
  let end = start;
  while (end < start + WINDOW) {
    end += STEP;
    if (countMarks(text.slice(end - STEP, end)) > DENSE) break;
  }
  return end;
}

/** How many characters at the end do not tell yet what their line is: an item, a rule, the heading above, a fence? */
function undecided(text: string): number {
  const line = text.slice(text.lastIndexOf("\n") + 1);
  const isUndecided =
    /^[-*+=_`~#>|: \t\\$]*(?:\d{1,9}[.)]?[ \t]*)?$/.test(line) || /^[ \t]*(?:```|~~~|\$\$|\\\[)/.test(line);
  return isUndecided && line.length <= MAX_UNDECIDED ? line.length : 0;
}

/** How many of the tokens no further text can change: lists and indented code go on after blank lines, others do not. */
function countClosed(tokens: Token[]): number {
  const last = tokens.findLastIndex((token) => token.type !== "space");
  const token = tokens[last];
  const isFollowed = last < tokens.length - 1;
  const isIndented = token?.type === "code" && (token as Tokens.Code).codeBlockStyle === "indented";
  const endsWithBlank = token?.type !== "list" && !isIndented;
  return isFollowed && endsWithBlank ? tokens.length : Math.max(0, last);
}
