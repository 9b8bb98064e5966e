/** Blocks of code: a line with the language and what can be done, and below it the code. */
import { t } from "../../i18n/index.svelte";
import { copyText } from "../clipboard";
import { addDiagramButton } from "./diagrams";
import { element } from "./dom";
import { formulaElement } from "./formulas";
import { LazyWork } from "./lazyWork";

const MAX_COLOURED = 32_000; // characters; more take longer than a frame
const SHOWN = 2000; // ms

const colouring = new LazyWork(
  () => import("./highlight"),
  ({ highlighted }, block) => {
    const coloured = highlighted(textOf(block), languageOf(block));
    if (coloured) block.querySelector("pre")?.replaceChildren(element("code", {}, coloured));
  },
);

/** The element of a block of code. */
export function codeBlock(text: string, info: string): HTMLElement {
  const language = /^[^\s{]*/.exec(info)?.[0] ?? "";
  const head = element("figcaption", {}, element("span", {}, language || t("prose.plain")), copyButton());
  const code = element("code", {}, text.endsWith("\n") || !text ? text : `${text}\n`);
  const attributes = { tabindex: "0", role: "group", "aria-label": t("prose.code") };
  return element(
    "figure",
    { class: "code", dir: "ltr", "data-language": language.toLowerCase() },
    head,
    element("pre", attributes, code),
  );
}

/** Makes blocks that are complete what they stand for: coloured code, a formula, a diagram when it is asked for. */
export function finishCode(within: ParentNode): void {
  for (const block of within.querySelectorAll<HTMLElement>("figure.code:not([data-finished])")) {
    block.dataset.finished = "";
    const text = textOf(block);
    if (languageOf(block) === "math") {
      block.replaceWith(formulaElement({ raw: text, text, isBlock: true, isClosed: true }));
    } else if (languageOf(block) === "mermaid") addDiagramButton(block, text);
    else if (languageOf(block) && text.length <= MAX_COLOURED) colouring.add(block);
  }
}

const languageOf = (block: HTMLElement): string => block.dataset.language ?? "";

const textOf = (block: Element): string => block.querySelector("pre")?.textContent ?? "";

function copyButton(): HTMLElement {
  const label = element("span", {}, t("prose.copy"));
  const said = element("span", { class: "unseen", role: "status" });
  const button = element("button", { type: "button" }, label);
  button.addEventListener("click", async () => {
    const block = button.closest("figure");
    const isCopied = block !== null && (await copyText(textOf(block)));
    label.textContent = said.textContent = t(isCopied ? "prose.copied" : "prose.notCopied");
    setTimeout(() => {
      label.textContent = t("prose.copy");
      said.textContent = "";
    }, SHOWN);
  });
  return element("span", { class: "actions" }, said, button);
}
