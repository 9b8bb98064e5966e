/** What a chat is called until the server knows better. */
const LENGTH = 60;
const FENCED = /^(`{3,})[^`\n]*\n[\s\S]*?^\1$/gm;

/** The first words of a question; not those of a file in it, unless it has no others. */
export function titleOf(question: string): string {
  const own = question.replace(FENCED, "").trim() || question.trim();
  return own.replace(/\s+/g, " ").slice(0, LENGTH);
}
