/** Diagrams of mermaid. They are drawn in a hidden frame, whose own policy alone lets styles be inline, and are shown
 * as pictures. */
import { t } from "../../i18n/index.svelte";
import { element } from "./dom";

/** What the frame is asked, and what it answers. */
export interface DiagramRequest {
  id: number;
  source: string;
  isDark: boolean;
}
export type DiagramAnswer =
  { id: "ready" } | { id: number; svg: string; width: number; height: number } | { id: number; error: string };

type Answer = Exclude<DiagramAnswer, { id: "ready" }>;

const PATIENCE = 30_000; // ms
const sources = new WeakMap<Element, string>();
let frame: Promise<HTMLIFrameElement> | undefined;
let isThemeWatched = false;
let count = 0;

/** Gives a block of code a button that shows the diagram in its place. */
export function addDiagramButton(block: HTMLElement, source: string): void {
  const button = element("button", { type: "button" }, t("prose.showDiagram"));
  const box = element("div", { class: "diagram", role: "status", hidden: "" });
  sources.set(box, source);
  button.addEventListener("click", () => {
    box.hidden = !box.hidden;
    block.querySelector("pre")?.toggleAttribute("hidden", !box.hidden);
    button.textContent = t(box.hidden ? "prose.showDiagram" : "prose.showCode");
    if (!box.hidden) void fill(box);
  });
  block.querySelector(".actions")?.prepend(button);
  block.append(box);
}

async function fill(box: Element): Promise<void> {
  if (!box.hasChildNodes()) box.textContent = t("prose.drawing");
  const answer = await draw(sources.get(box) ?? "");
  if ("svg" in answer) {
    const { svg, width, height } = answer;
    const src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
    const size = { width: String(width), height: String(height) };
    box.replaceChildren(element("img", { src, alt: t("prose.diagram"), ...size }));
  } else {
    box.replaceChildren(element("p", {}, t("prose.notDrawn")), element("pre", {}, answer.error));
  }
}

async function draw(source: string): Promise<Answer> {
  const id = (count += 1);
  try {
    const { contentWindow } = await (frame ??= openFrame());
    const answered = answerOf(id, contentWindow);
    contentWindow?.postMessage({ id, source, isDark: isDark() } satisfies DiagramRequest, "*"); // it has no origin
    return (await answered) as Answer;
  } catch (error) {
    void closeFrame();
    return { id, error: String(error) };
  }
}

async function openFrame(): Promise<HTMLIFrameElement> {
  const made = element("iframe", {
    class: "diagram-frame",
    src: "./diagram.html",
    sandbox: "allow-scripts",
    "aria-hidden": "true",
    tabindex: "-1",
  });
  document.body.append(made);
  try {
    await answerOf("ready", made.contentWindow);
  } catch (error) {
    made.remove();
    throw error;
  }
  if (!isThemeWatched) watchTheme();
  return made;
}

/** The next click tries again, without what keeps this one busy. */
async function closeFrame(): Promise<void> {
  const closed = frame;
  frame = undefined;
  (await closed?.catch(() => undefined))?.remove();
}

function answerOf(id: DiagramAnswer["id"], from: Window | null): Promise<DiagramAnswer> {
  return new Promise((resolve, reject) => {
    const listening = new AbortController();
    const timer = setTimeout(() => {
      listening.abort();
      reject(new Error(t("prose.noFrame")));
    }, PATIENCE);
    const listen = ({ source, data }: MessageEvent<DiagramAnswer>): void => {
      if (source !== from || data.id !== id) return;
      clearTimeout(timer);
      listening.abort();
      resolve(data);
    };
    addEventListener("message", listen, { signal: listening.signal });
  });
}

const darkness = matchMedia("(prefers-color-scheme: dark)");

function isDark(): boolean {
  const { theme } = document.documentElement.dataset;
  return theme ? theme === "dark" : darkness.matches;
}

/** Draws again what is shown when the colours change. */
function watchTheme(): void {
  isThemeWatched = true;
  const redraw = (): void => {
    for (const box of document.querySelectorAll(".diagram:not([hidden])")) void fill(box);
  };
  darkness.addEventListener("change", redraw);
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
}
