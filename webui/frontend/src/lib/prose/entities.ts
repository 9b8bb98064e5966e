/** Character references, such as `&amp;` and `&#8364;`. */
const REFERENCE = /&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[a-zA-Z][a-zA-Z\d]{1,30});/g;
const known = new Map<string, string>();

/** The text with the characters that it refers to. */
export function decoded(text: string): string {
  return text.includes("&") ? text.replace(REFERENCE, character) : text;
}

function character(reference: string): string {
  let found = known.get(reference);
  if (found === undefined) {
    const reader = document.createElement("span");
    reader.innerHTML = reference; // letters and digits alone: the browser knows the two thousand names
    found = reader.textContent;
    if (known.size < 3000) known.set(reference, found);
  }
  return found;
}
