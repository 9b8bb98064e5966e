/** Elements, made and changed without a word of HTML. */

/** An element with attributes and content. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Record<string, string> = {},
  ...content: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...content);
  return made;
}

/** Makes the children from `start` on what `wanted` is. Nodes that are equal stay, and with them what is selected. */
export function updateChildren(parent: Node, start: number, wanted: Node[]): void {
  const present = [...parent.childNodes].slice(start);
  for (const [index, node] of wanted.entries()) {
    const old = present[index];
    if (old) update(old, node);
    else parent.appendChild(node);
  }
  for (const old of present.slice(wanted.length)) old.remove();
}

function update(old: ChildNode, wanted: Node): void {
  if (old.isEqualNode(wanted)) return;
  if (old instanceof Text && wanted instanceof Text) updateText(old, wanted.data);
  else if (isSameElement(old, wanted)) updateChildren(old, 0, [...wanted.childNodes]);
  else old.replaceWith(wanted);
}

/** Whether nothing differs but what is inside. */
export function isSameElement(one: Node, other: Node): boolean {
  return one instanceof Element && one.cloneNode().isEqualNode(other.cloneNode());
}

function updateText(node: Text, wanted: string): void {
  let common = 0;
  while (common < node.length && node.data[common] === wanted[common]) common += 1;
  node.replaceData(common, node.length - common, wanted.slice(common));
}
