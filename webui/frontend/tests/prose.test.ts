import { expect, test, vi } from "vitest";
import { highlighted } from "../src/lib/prose/highlight";
import { Painter } from "../src/lib/prose/painter";
import { idle, painted } from "./prose";

const html = async (text: string): Promise<string> => (await painted(text)).querySelector(".chunk")?.innerHTML ?? "";

const SAMPLES = {
  mixed: `# A

Some **b** text
more

- one
- two
  - three

\`\`\`js
let x

y
\`\`\`

| a | b |
|--|--|
| 1 | 2 |

end`,
  headings: "Title\n===\n\ntext\n---\n\n# one\n#hashtag\n## two ##\ntext\n***\nmore",
  lists:
    "- [ ] a\n- [x] b\n\n\n- c\n\n  more of c\n\n      code\n  ```py\n  x = 1\n  ```\n1. x\n2. y\n\n10) z\n- - -\n* * a",
  quotes: "> a\nlazy\n>\n> - b\n> c\n\n> > deep\n\ntext\n> quote\n```\nopen fence",
  formulas:
    "Text\n$$\na\n= b\n\n$$\n\nIn \\(a_1\\) and $b$ and $$c$$ end\n\\[ d\n- e\n\\]\n$$ open\nis it\n\nno\n$$x$$ more",
  tables: "text\n| a | b |\n|---|:-:|\n| `x|y` | a<br>b |\n| 1\n\n|a|\n|-|\nnot a table, yet a row\n\nend",
  fences: "````md\n```js\nx\n```\n````\n~~~\ny\n~~~\n```no`fence\n    indented\n\n    code\n\ntext",
  longList: Array.from({ length: 300 }, (_, n) => `${n + 3}. item ${n} with *some* words in it and \`code\``).join(
    "\n",
  ),
  longTable: `| a | b |\n|---|---|\n${Array.from({ length: 400 }, (_, n) => `| ${n} | some words |`).join("\n")}\n\nend`,
  longCode: `\`\`\`python\n${Array.from({ length: 900 }, (_, n) => `print("line", ${n})`).join("\n")}\n\`\`\`\nend`,
  longLine: `\`\`\`\n${"0123456789".repeat(3000)}\n\`\`\`\n\n${"word ".repeat(4000)}`,
};

/** What is painted, with formulas as if they were not drawn yet. */
function markup(root: HTMLElement): string {
  for (const formula of root.querySelectorAll<HTMLElement>("[data-source]")) formula.replaceChildren();
  return root.innerHTML;
}

test.each(Object.entries(SAMPLES))("%s: pieces of any size give what the whole gives", async (_, text) => {
  const whole = markup(await painted(text));
  for (const length of text.length > 3000 ? [97, 1500] : [1, 2, 3, 7, 50]) {
    expect(markup(await painted(text, length)), `pieces of ${length}`).toBe(whole);
  }
});

test("texts made at random give in pieces what they give at once", async () => {
  const random = randomNumbers(20);
  const bits = [
    "a",
    "b c",
    "\n",
    "\n",
    "\n\n",
    "- ",
    "1. ",
    "> ",
    "# ",
    "`",
    "```",
    "```js\n",
    "*",
    "**",
    "_",
    "~~",
    "$",
    "$$",
  ];
  bits.push(
    "|",
    "| a | b |\n|---|---|\n",
    "---\n",
    "===",
    "    ",
    "  ",
    "[x](",
    ")",
    "![",
    "\\(",
    "\\)",
    "\\[\n",
    "\\]",
    "<br>",
  );
  for (let round = 0; round < 150; round += 1) {
    const text = Array.from({ length: 40 }, () => bits[random() % bits.length]).join("");
    const whole = markup(await painted(text));
    expect(markup(await painted(text, 1 + (random() % 9))), JSON.stringify(text)).toBe(whole);
  }
}, 60_000);

test("blocks that are complete stay the same nodes, and so does the beginning of the open one", async () => {
  const root = document.createElement("div");
  document.body.replaceChildren(root);
  const painter = new Painter(root);
  painter.paint("first\n\nsecond **bold** an", false);
  await idle(painter);
  const [first, second] = root.querySelectorAll("p");
  const bold = root.querySelector("strong");
  painter.paint("first\n\nsecond **bold** and\n\nthird", true);
  await idle(painter);
  expect([...root.querySelectorAll("p")].slice(0, 2)).toEqual([first, second]);
  expect(root.querySelector("strong")).toBe(bold);
  expect(second?.textContent).toBe("second bold and");
});

test("a text that does not continue the old one is painted anew", async () => {
  const root = document.createElement("div");
  const painter = new Painter(root);
  painter.paint("one\n\ntwo", true);
  await idle(painter);
  painter.paint("one\n\ntwo and more", false);
  await idle(painter);
  expect(root.textContent).toBe("onetwo and more");
  painter.paint("other", true);
  await idle(painter);
  expect(root.textContent).toBe("other");
});

test("headings are below those of the page, and none is left out", async () => {
  const root = await painted("### a\n\n# b\n\n#### c\n\n#### d");
  expect([...root.querySelectorAll("h3, h4, h5, h6")].map((heading) => heading.tagName)).toEqual([
    "H3",
    "H3",
    "H4",
    "H5",
  ]);
});

test("sums of money are no formulas, and formulas are none of code", async () => {
  const formulas = async (text: string): Promise<(string | undefined)[]> =>
    [...(await painted(text)).querySelectorAll<HTMLElement>(".formula")].map(({ dataset }) => dataset.source);
  expect(await formulas("It is $5 and $10, or 10$ to 20$, US$5 to C$7.")).toEqual([]);
  expect(await formulas("`$a$` and \\$a\\$ and\n\n```\n$$\nx\n$$\n```\n\\[see the note\\](x)")).toEqual([]);
  expect(await formulas("$x$, $x^2$ and \\(n\\), \\[a = b\\] or $$c$$.")).toEqual(["x", "x^2", "n", "a = b", "c"]);
  expect(await formulas("$$\na\n+ b\n$$\n\n\\[\nc\n\\]")).toEqual(["a\n+ b\n", "c\n"].map((text) => `\n${text}`));
});

test("links of the web and of mail alone", async () => {
  expect(await html("[a](https://example.org/?a=1&amp;b=2)")).toContain('href="https://example.org/?a=1&amp;b=2"');
  expect(await html("[a](javascript:alert(1)) [b](/settings) [c](#x)")).not.toContain("<a");
});

test("pictures of this server and those inside the text are shown, others are links", async () => {
  expect(await html("![a](/api/v1/files/12-ab/content)")).toContain('<img src="api/v1/files/12-ab/content" alt="a"');
  expect(await html("![a](data:image/png;base64,AAAA)")).toContain("<img");
  for (const address of ["https://example.org/x.png", "data:image/svg+xml;base64,AAAA", "api/v1/auths/signout"]) {
    expect(await html(`![a](${address})`)).not.toContain("<img");
  }
  expect(await html("![a](api/v1/files/../auths/signout)")).not.toContain("<img");
  expect(await html("![a](https://example.org/x.png)")).toContain("not loaded");
});

test("a long list goes on with its numbers in each of its parts", async () => {
  const root = await painted(SAMPLES.longList);
  const lists = [...root.querySelectorAll("ol")];
  expect(lists.length).toBeGreaterThan(1);
  let next = 3;
  for (const list of lists) {
    expect(list.start).toBe(next);
    next += list.children.length;
  }
  expect(next).toBe(303);
});

test("code has its language, what is copied, and is one block however long", async () => {
  const root = await painted(SAMPLES.longCode);
  expect(root.querySelectorAll("figure.code").length).toBe(1);
  expect(root.querySelector("figcaption")?.textContent).toContain("python");
  expect(root.querySelector("pre")?.textContent.split("\n").length).toBe(901);
});

test("a checkbox, a line break in a cell, escapes and references", async () => {
  const root = await painted("- [x] a\n\n|a|\n|-|\n|b<br>c|\n\n&amp; &#65; &nope; \\* <b>");
  expect(root.querySelector("li input[disabled][checked]")).not.toBeNull();
  expect(root.querySelector("td br")).not.toBeNull();
  expect(root.querySelector("p")?.textContent).toBe("& A &nope; * <b>");
});

test.each(["python", "js", "html", "php", "md", "c++", "yaml"])("coloured %s is the same text", (language) => {
  const code = `<b class="x">{y}</b> <script>let a = "1";</script> # x\n\`\`\`js\nlet x = 1\n\`\`\`\n<?php echo "a"; ?>`;
  expect(highlighted(code, language)?.textContent).toBe(code);
});

test("code in a language that is known is coloured when it is complete", async () => {
  const root = await painted("```js\nlet x = 1;\n```\n\n```unheard-of\nlet x\n```\n");
  await vi.waitFor(() => expect(root.querySelectorAll(".hljs-keyword").length).toBe(1));
});

test("formulas are drawn as MathML, those that cannot be stay as they were written", async () => {
  const root = await painted("$a^2$ and $\\nonsense{$\n\n```math\nb\n```");
  await vi.waitFor(() => expect(root.querySelectorAll("math").length).toBe(2));
  expect(root.textContent).toContain("$\\nonsense{$");
});

test("a diagram is offered, its code is shown", async () => {
  const root = await painted("```mermaid\ngraph TD; a-->b\n```");
  expect([...root.querySelectorAll("button")].map((button) => button.textContent)).toEqual(["Show diagram", "Copy"]);
  expect(root.querySelector("pre")?.textContent).toBe("graph TD; a-->b\n");
});

function randomNumbers(seed: number): () => number {
  return () => (seed = (seed * 1103515245 + 12345) % 2147483648) >> 8;
}
