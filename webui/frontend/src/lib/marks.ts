/** Where the words that were searched for stand in a text. */

export interface Piece {
  text: string;
  isMatch: boolean;
}

const FILTER = /^(tag|folder|pinned|archived|shared):/i;

/** What was typed, without the filters among it. */
export const searchedText = (query: string): string =>
  query
    .split(" ")
    .filter((word) => !FILTER.test(word))
    .join(" ")
    .trim();

/** The text in pieces, those marked that are what was searched for, whatever their case. */
export function markMatches(text: string, wanted: string): Piece[] {
  if (!wanted) return [{ text, isMatch: false }];
  const pattern = new RegExp(wanted.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "giu");
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > end) pieces.push({ text: text.slice(end, match.index), isMatch: false });
    pieces.push({ text: match[0], isMatch: true });
    end = match.index + match[0].length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end), isMatch: false });
  return pieces;
}
