/** What a screen reader is told of a reply. */

/** Markdown without its marks; code is only mentioned. */
export function spoken(markdown: string, code: string): string {
  return markdown
    .replace(/^ {0,3}(```|~~~)[\s\S]*?(?:^ {0,3}\1.*$|$(?![\s\S]))/gm, `${code}. `)
    .replace(/!?\[([^\]\n]*)\]\([^)\n]*\)/g, "$1")
    .replace(/^\s{0,3}(?:#{1,6}|>|[-*+])\s+/gm, "")
    .replace(/[*_`~|]+/g, "")
    .replace(/\s+/g, " ")
    .trim();
}

/** Where the last whole sentence of a text ends. */
export function endOfSentences(text: string): number {
  let end = 0;
  for (const { index, 0: mark } of text.matchAll(/[.!?…:]["'”’)]*\s|[。！？]|\n\s*\n/g)) end = index + mark.length;
  return end;
}
