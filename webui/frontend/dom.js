/** Helpers to build the page. A text always becomes a text node, never markup. */

export const $ = (selector, within = document) => within.querySelector(selector);

/** An element; names that the element has as properties are set as such, others as attributes. */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in node) node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/** One of the symbols at the top of index.html. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

export function iconButton(name, label, onclick) {
  return el("button", { type: "button", className: "icon", ariaLabel: label, title: label, onclick }, icon(name));
}

/** A button that copies what `text()` gives, and says so for a moment. */
export function copyButton(text) {
  const button = iconButton("copy", "Copy", async () => {
    const copied = await copy(text());
    $("use", button).setAttribute("href", copied ? "#i-done" : "#i-copy");
    button.title = copied ? "Copied" : "The browser did not allow copying";
    say(button.title);
    setTimeout(() => $("use", button).setAttribute("href", "#i-copy"), 1500);
  });
  return button;
}

/** Have a screen reader say something, once it is silent. */
export function say(text) {
  $("#spoken").textContent = text;
}

// navigator.clipboard is missing on plain http, where many a server of one's own runs.
async function copy(text) {
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(text).then(() => true, () => false);
  }
  const area = el("textarea", { value: text, className: "unseen" });
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  return copied;
}
