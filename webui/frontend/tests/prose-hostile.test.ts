/** Nothing that a model says becomes more than words, links and pictures. */
import { expect, test } from "vitest";
import { painted } from "./prose";

const ELEMENTS = new Set(
  `div p h3 h4 h5 h6 ul ol li blockquote hr br strong em del code pre figure figcaption span button a img small input
   table thead tbody tr th td`.split(/\s+/),
);
const ATTRIBUTES = new Set(
  `class dir href title target rel src alt loading start type checked disabled tabindex role aria-label data-language
   data-finished data-source`.split(/\s+/),
);

const SCRIPT = "alert(1)";
const SCHEMES = [
  `javascript:${SCRIPT}`,
  `JaVaScRiPt:${SCRIPT}`,
  ` javascript:${SCRIPT}`,
  `\u0001javascript:${SCRIPT}`,
  `java\tscript:${SCRIPT}`,
  `java&#10;script:${SCRIPT}`,
  `java&Tab;script:${SCRIPT}`,
  `&#106;avascript:${SCRIPT}`,
  `&#x6A&#x61&#x76&#x61script:${SCRIPT}`,
  `javascript&colon;${SCRIPT}`,
  `javascript&#58;${SCRIPT}`,
  `&NewLine;javascript:${SCRIPT}`,
  `javascript%3A${SCRIPT}`,
  `vbscript:${SCRIPT}`,
  "data:text/html,<script>alert(1)</script>",
  "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
  "data:image/svg+xml,<svg onload=alert(1)>",
  "data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+",
  "data:image/png,<script>alert(1)</script>",
  'data:image/png;base64,AA"onerror="alert(1)',
  "blob:https://example.org/1",
  "file:///etc/passwd",
  "feed:javascript:alert(1)",
  "view-source:https://example.org",
  "//evil.example/x",
  "\\\\evil.example\\x",
  "/api/v1/auths/signout",
  "api/v1/files/../auths/signout",
  "api/v1/files/a/content/../../../auths/signout",
  "api/v1/files/a/content?x=https://evil.example",
  'https://user:pass@evil.example/" onmouseover="alert(1)',
  "https://evil.example/<script>alert(1)</script>",
];

const MARKUP = [
  "<script>alert(1)</script>",
  "<ScRiPt src=//evil.example></sCrIpT>",
  "<img src=x onerror=alert(1)>",
  '<img src="x" onerror="alert(1)"',
  "<svg onload=alert(1)>",
  "<svg><script>alert(1)</script></svg>",
  '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
  "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
  "<iframe src=javascript:alert(1)></iframe>",
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  "<object data=javascript:alert(1)></object>",
  "<embed src=javascript:alert(1)>",
  "<style>@import '//evil.example'</style>",
  '<div style="background:url(javascript:alert(1))">x</div>',
  "<link rel=stylesheet href=//evil.example>",
  "<meta http-equiv=refresh content='0;url=//evil.example'>",
  "<base href=//evil.example>",
  "<form action=//evil.example><input name=a><button>go</button></form>",
  "<template><script>alert(1)</script></template>",
  "<math><mtext><table><mglyph><style><img src onerror=alert(1)>",
  "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
  "<details open ontoggle=alert(1)>",
  "<body onload=alert(1)>",
  "<input autofocus onfocus=alert(1)>",
  "<video><source onerror=alert(1)></video>",
  "<marquee onstart=alert(1)>",
  "<!--><img src=x onerror=alert(1)>-->",
  "<![CDATA[<img src=x onerror=alert(1)>]]>",
  "<?xml-stylesheet href='javascript:alert(1)'?>",
  "<br onclick=alert(1)>",
  "<br/onmouseover=alert(1)>",
  "&lt;script&gt;alert(1)&lt;/script&gt;",
  "<a href=`javascript:alert(1)`>x</a>",
  "`<img src=x onerror=alert(1)>`",
  "```html\n<img src=x onerror=alert(1)>\n```",
  '```js" onmouseover="alert(1)\nx\n```',
  "```<img/src=x/onerror=alert(1)>\nx\n```",
  "|<img src=x onerror=alert(1)>|\n|-|\n|<script>alert(1)</script>|",
  "- [ ] <img src=x onerror=alert(1)>",
  "# <img src=x onerror=alert(1)>",
  "![<img src=x onerror=alert(1)>](https://evil.example/x)",
  '![x](api/v1/files/a/content "onerror=alert(1)")',
  '[x](https://example.org "\\" onmouseover=alert(1)")',
  "[<img src=x onerror=alert(1)>](https://example.org)",
  '<https://example.org/?"onmouseover=alert(1)>',
  "<javascript:alert(1)>",
  "[x][1]\n\n[1]: javascript:alert(1)",
  'www.example.org/"onmouseover=alert(1)',
  "$\\href{javascript:alert(1)}{x}$",
  "$\\url{javascript:alert(1)}$",
  "$\\includegraphics{https://evil.example/x}$",
  "$\\htmlStyle{background:url(//evil.example)}{x}$",
  "$\\htmlData{x=1}{x}$ $\\htmlClass{evil}{x}$",
  "$\\text{<img src=x onerror=alert(1)>}$",
  "```math\n\\href{javascript:alert(1)}{x}\n```",
  "\u202e<script>alert(1)</script>\u0000",
];

const payloads = [
  ...SCHEMES.flatMap((address) => [`[x](${address})`, `[x](<${address}>)`, `![x](${address})`]),
  ...MARKUP,
];

test.each(payloads)("%j", async (payload) => {
  for (const text of [payload, `- > ${payload}`, `**a ${payload} b**`]) {
    const root = await painted(text);
    await new Promise((resolve) => setTimeout(resolve, text.includes("\\") || text.includes("```") ? 20 : 0));
    root.querySelectorAll("*").forEach(expectHarmless);
  }
});

function expectHarmless(element: Element): void {
  const attributes = [...element.attributes].map(({ name }) => name);
  if (element.closest("math")) {
    expect(element.namespaceURI).toContain("MathML");
    expect(attributes.filter((name) => /^on|href|src|style|action/.test(name))).toEqual([]);
    return;
  }
  expect(ELEMENTS).toContain(element.localName);
  expect(attributes.filter((name) => !ATTRIBUTES.has(name))).toEqual([]);
  expect(element.getAttribute("href") ?? "https:").toMatch(/^(https?|mailto):/);
  expect(element.getAttribute("src") ?? "data:image/png;base64,AA").toMatch(
    /^(data:image\/(png|jpeg|gif|webp);base64,[\w+/=]+|api\/v1\/files\/[\w-]+\/content(\/[\w-][\w.-]*)?)$/,
  );
}
