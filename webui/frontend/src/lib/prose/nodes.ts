/** Tokens as elements. What a model says can only become what is made here. */
import type { MarkedToken, Token, Tokens } from "marked";
import { t } from "../../i18n/index.svelte";
import { linkAddress, pictureAddress } from "./addresses";
import { codeBlock } from "./code";
import { element } from "./dom";
import { decoded } from "./entities";
import { formulaElement } from "./formulas";
import type { Formula } from "./formulaSyntax";

const ALIGNMENTS = { left: "start", center: "center", right: "end" } as const;

/** The element of a block. Headings are at most one level below `level`, so that none is left out. */
export function blockElement(token: Token, level: number): HTMLElement {
  const [made, ...others] = blocks([token], level);
  const block =
    made instanceof HTMLElement && !others.length ? made : element("p", {}, ...(made ? [made] : []), ...others);
  if (!block.dir) block.dir = "auto";
  return block;
}

/** Where more of the same block goes. */
export function bodyOf(block: HTMLElement): Element {
  if (block.matches(".table")) return block.querySelector("tbody") ?? block;
  if (block.matches(".code")) return block.querySelector("pre")?.lastElementChild ?? block;
  return block;
}

function blocks(tokens: Token[], level: number): Node[] {
  return (tokens as (MarkedToken | Formula)[]).flatMap((token) => {
    switch (token.type) {
      case "space":
        return [];
      case "heading":
        return element(headingName(token.depth, level), {}, ...inlines(token.tokens));
      case "blockquote":
        return element("blockquote", {}, ...blocks(token.tokens, level));
      case "list":
        return list(token, level);
      case "table":
        return table(token);
      case "code":
        return codeBlock(token.text, token.lang ?? "");
      case "hr":
        return element("hr");
      case "paragraph":
      case "text":
        return element("p", {}, ...inlines(token.tokens ?? [token]));
      default:
        return inline(token);
    }
  });
}

/** A heading of a reply is below those of the page, the title of the chat and the one of the message. */
function headingName(depth: number, level: number): "h3" | "h4" | "h5" | "h6" {
  return `h${Math.min(6, depth + 2, level + 1)}` as "h3";
}

function list({ items, ordered, start }: Tokens.List, level: number): HTMLElement {
  const made = element(ordered ? "ol" : "ul", {}, ...items.map((item) => listItem(item, level)));
  if (ordered && start !== 1) made.setAttribute("start", String(start));
  return made;
}

/** Whether items are apart is told by the last of them; so all are shown alike, the first paragraph without its own. */
function listItem({ tokens, task }: Tokens.ListItem, level: number): HTMLElement {
  const made = element("li", task ? { class: "task" } : {});
  for (const node of blocks(tokens, level)) {
    const isFirst = [...made.childNodes].every((child) => child instanceof HTMLInputElement);
    made.append(...(isFirst && node instanceof HTMLParagraphElement ? node.childNodes : [node]));
  }
  return made;
}

function table({ header, rows }: Tokens.Table): HTMLElement {
  const head = element("thead", {}, tableRow(header, "th"));
  const body = element("tbody", {}, ...rows.map((row) => tableRow(row, "td")));
  const attributes = { class: "table", tabindex: "0", role: "group", "aria-label": t("prose.table") };
  return element("div", attributes, element("table", {}, head, body));
}

function tableRow(cells: Tokens.TableCell[], name: "td" | "th"): HTMLElement {
  const made = cells.map(({ align, tokens }) =>
    element(name, align ? { class: `to-${ALIGNMENTS[align]}` } : {}, ...inlines(tokens)),
  );
  return element("tr", {}, ...made);
}

const inlines = (tokens: Token[]): Node[] => tokens.flatMap(inline);

function inline(generic: Token): Node | Node[] {
  const token = generic as MarkedToken | Formula;
  switch (token.type) {
    case "strong":
    case "em":
    case "del":
      return element(token.type, {}, ...inlines(token.tokens));
    case "codespan":
      return element("code", { dir: "ltr" }, token.text);
    case "br":
      return element("br");
    case "checkbox":
      return checkbox(token.checked);
    case "link":
      return link(token);
    case "image":
      return picture(token);
    case "formula":
      return formulaElement(token);
    case "escape":
      return document.createTextNode(token.text);
    case "text":
      return token.tokens ? inlines(token.tokens) : document.createTextNode(decoded(token.raw));
    default:
      return document.createTextNode(token.raw);
  }
}

function checkbox(isChecked: boolean): HTMLElement {
  const made = element("input", { type: "checkbox", disabled: "", "aria-label": t("prose.task") });
  if (isChecked) made.setAttribute("checked", "");
  return made;
}

function link({ href, tokens }: Tokens.Link): Node | Node[] {
  const address = linkAddress(decoded(href));
  return address ? anchor(address, ...inlines(tokens)) : inlines(tokens);
}

function anchor(address: string, ...content: (Node | string)[]): HTMLElement {
  const attributes = { href: address, title: address, target: "_blank", rel: "noopener noreferrer" };
  return element("a", attributes, ...content);
}

/** Pictures of other servers are not asked for: they would learn who reads, and addresses can carry what was said. */
function picture({ href, text }: Tokens.Image): Node {
  const address = decoded(href);
  const description = decoded(text);
  const own = pictureAddress(address);
  if (own) return element("img", { src: own, alt: description, loading: "lazy" });
  const link = linkAddress(address);
  if (!link) return document.createTextNode(description || t("prose.picture"));
  const note = t("prose.elsewhere", { host: new URL(link).host });
  return anchor(link, description || t("prose.picture"), " ", element("small", {}, note));
}
