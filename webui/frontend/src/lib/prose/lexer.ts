/** Markdown as tokens: marked's lexer, with bounds to its work and without HTML. */
import { Lexer, Marked, type MarkedOptions, type Token } from "marked";
import { formulaSyntax } from "./formulaSyntax";

const MAX_DEPTH = 12; // of quotes and lists in each other; marked needs time for each and its stack ends
const MAX_MARKS = 250; // in one text; more are not found in prose, and marked's time grows with their square
const PIECE = 256; // characters of such a text that are read at once
const MARKS = /[*_~[\\<$`]/g;
const BREAK = /^<br\s*\/?>/i;

const markdown = new Marked({ gfm: true, breaks: true }, formulaSyntax, {
  tokenizer: {
    html: () => undefined, // what looks like HTML is text
    tag(source) {
      const raw = BREAK.exec(source)?.[0];
      // A line break is the one tag that Markdown has no other way to write, in cells of tables.
      return raw ? ({ type: "br", raw } as never) : undefined;
    },
    def: () => undefined, // definitions come after what they define; a text that is being written cannot wait for them
  },
});

class BoundedLexer extends Lexer {
  #depth = 0;

  override blockTokens(source: string, tokens: Token[] = [], isClipped?: boolean): never {
    if (this.#depth >= MAX_DEPTH) {
      tokens.push({ type: "text", raw: source, text: source, tokens: this.inline(source) });
      return tokens as never;
    }
    this.#depth += 1;
    try {
      return super.blockTokens(source, tokens, isClipped) as never;
    } finally {
      this.#depth -= 1;
    }
  }

  override inlineTokens(source: string, tokens: Token[] = []): Token[] {
    const isLong = source.length > PIECE && countMarks(source) > MAX_MARKS;
    if (!isLong) return super.inlineTokens(source, tokens);
    for (let at = 0, end = 0; at < source.length; at = end) {
      end = characterEnd(source, Math.min(at + PIECE, source.length));
      super.inlineTokens(source.slice(at, end), tokens);
    }
    return tokens;
  }
}

/** The blocks of a text. Their `raw` together is the text. */
export function lex(source: string): Token[] {
  try {
    return new BoundedLexer(markdown.defaults as MarkedOptions).lex(source);
  } catch {
    return [{ type: "code", codeBlockStyle: "indented", raw: source, text: source }]; // better plain than not at all
  }
}

/** How many characters may begin or end something inside a line. */
export const countMarks = (text: string): number => text.match(MARKS)?.length ?? 0;

/** The place, or the one before it when that would cut a character in two. */
export function characterEnd(text: string, at: number): number {
  const isInside = /[\ud800-\udbff]/.test(text[at - 1] ?? "");
  return isInside ? at - 1 : at;
}
