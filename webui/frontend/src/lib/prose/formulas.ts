/** Formulas in the page: their source until they are drawn, and for good when they cannot be. */
import { element } from "./dom";
import type { Formula } from "./formulaSyntax";
import { LazyWork } from "./lazyWork";

const MAX_KEPT = 500;

const drawn = new Map<string, Node | null>(); // null: cannot be drawn
const work = new LazyWork(
  () => import("./katex"),
  ({ draw }, place) => {
    const key = keyOf(place);
    if (!drawn.has(key)) keep(key, draw(place.dataset.source ?? "", place.classList.contains("block")));
    show(place);
  },
);

/** The element of a formula; one that was drawn before is so at once. */
export function formulaElement({ raw, text, isBlock, isClosed }: Omit<Formula, "type">): HTMLElement {
  const made = element("span", { class: isBlock ? "formula block" : "formula", dir: "ltr" }, raw.trim());
  if (!isClosed || !text.trim()) return made;
  made.dataset.source = text;
  if (drawn.has(keyOf(made))) show(made);
  else work.add(made);
  return made;
}

const keyOf = ({ className, dataset }: HTMLElement): string => `${className}:${dataset.source}`;

function keep(key: string, picture: Node | null): void {
  const [oldest] = drawn.keys();
  if (drawn.size >= MAX_KEPT && oldest !== undefined) drawn.delete(oldest);
  drawn.set(key, picture);
}

function show(place: HTMLElement): void {
  const picture = drawn.get(keyOf(place));
  if (picture) place.replaceChildren(picture.cloneNode(true));
}
