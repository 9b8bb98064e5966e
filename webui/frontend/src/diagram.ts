/** Draws diagrams for the page, in a hidden frame of their own (see lib/prose/diagrams.ts). Its policy lets it load
 * nothing but its scripts, and it is no part of the server's origin: what a diagram asks for gets no cookie. */
import mermaid from "mermaid";
import type { DiagramAnswer, DiagramRequest } from "./lib/prose/diagrams";

// What a diagram cannot set for itself: mermaid's own list, and what would bring in HTML or styles.
const GUARDED = ["secure", "securityLevel", "startOnLoad", "maxTextSize", "maxEdges", "suppressErrorRendering"].concat([
  "htmlLabels",
  "themeCSS",
  "fontFamily",
  "altFontFamily",
  "dompurifyConfig",
]);
let count = 0;
let queue: Promise<void> = Promise.resolve(); // mermaid has one configuration for all

addEventListener("message", ({ data, origin, source }: MessageEvent<DiagramRequest>) => {
  if (origin !== location.origin || source !== parent) return;
  queue = queue.then(async () => answer(await drawn(data)));
});

async function drawn({ id, source, isDark }: DiagramRequest): Promise<DiagramAnswer> {
  mermaid.initialize({
    startOnLoad: false,
    securityLevel: "strict",
    suppressErrorRendering: true,
    theme: isDark ? "dark" : "neutral",
    maxTextSize: 20_000,
    htmlLabels: false, // a picture shows no HTML
    flowchart: { htmlLabels: false },
    secure: GUARDED,
  });
  try {
    const { svg } = await mermaid.render(`diagram-${(count += 1)}`, source);
    return { id, svg, ...sizeOf(svg) };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}

/** A picture without a size of its own would be as wide as the column. */
function sizeOf(svg: string): { width: number; height: number } {
  const [, width, height] = /viewBox="[-\d.]+ [-\d.]+ ([\d.]+) ([\d.]+)"/.exec(svg) ?? [];
  return { width: Math.ceil(Number(width ?? 600)), height: Math.ceil(Number(height ?? 400)) };
}

function answer(message: DiagramAnswer): void {
  parent.postMessage(message, location.origin);
}

answer({ id: "ready" });
