/** Formulas as MathML. Loaded when there is one. */
import katex from "katex";

const OPTIONS = { output: "mathml", throwOnError: true, strict: "ignore", trust: false, maxSize: 20 } as const;

/** The drawn formula, or null when it is none that can be understood. */
export function draw(source: string, isBlock: boolean): Node | null {
  const box = document.createElement("span");
  try {
    katex.render(source, box, { ...OPTIONS, displayMode: isBlock });
  } catch {
    return null;
  }
  return box.querySelector("math");
}
