/** Text files become part of the message, since every model reads text. */

/** The text of a file; null if it is something else. */
export async function textIn(file: Blob): Promise<string | null> {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
    return text.includes("\0") ? null : text;
  } catch {
    return null;
  }
}

/** A file's text below its name, in a fence that nothing in it can end. */
export function fenced(name: string, text: string): string {
  let longest = 0;
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length);
  const fence = "`".repeat(Math.max(3, longest + 1));
  const [, language = ""] = /\.([a-z0-9]+)$/i.exec(name) ?? [];
  return `${name}\n${fence}${language.toLowerCase()}\n${text.replace(/\n$/, "")}\n${fence}\n`;
}
