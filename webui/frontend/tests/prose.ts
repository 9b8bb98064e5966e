/** Painting in tests. */
import { Painter } from "../src/lib/prose/painter";

Object.defineProperty(document, "compatMode", { value: "CSS1Compat" }); // KaTeX asks for it

export const idle = async (painter: Painter): Promise<void> => {
  while (!painter.isIdle) await new Promise(requestAnimationFrame);
};

/** The element in which a text is painted that comes in pieces of a length, or at once. */
export async function painted(text: string, length = text.length): Promise<HTMLElement> {
  const root = document.createElement("div");
  document.body.replaceChildren(root);
  const painter = new Painter(root);
  for (let end = length; end < text.length; end += length) {
    painter.paint(text.slice(0, end), false);
    await idle(painter);
  }
  painter.paint(text, true);
  await idle(painter);
  return root;
}
