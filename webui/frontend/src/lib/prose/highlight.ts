/** Colours for code. Loaded when there is some; which colours, the style sheet tells. */
import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import csharp from "highlight.js/lib/languages/csharp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import dockerfile from "highlight.js/lib/languages/dockerfile";
import go from "highlight.js/lib/languages/go";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import kotlin from "highlight.js/lib/languages/kotlin";
import markdown from "highlight.js/lib/languages/markdown";
import php from "highlight.js/lib/languages/php";
import python from "highlight.js/lib/languages/python";
import ruby from "highlight.js/lib/languages/ruby";
import rust from "highlight.js/lib/languages/rust";
import shell from "highlight.js/lib/languages/shell";
import sql from "highlight.js/lib/languages/sql";
import swift from "highlight.js/lib/languages/swift";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import type { Emitter } from "highlight.js";
import { element } from "./dom";

const languages = {
  ...{ bash, c, cpp, csharp, css, diff, dockerfile, go, ini, java, javascript, json, kotlin },
  ...{ markdown, php, python, ruby, rust, shell, sql, swift, typescript, xml, yaml },
};
for (const [name, language] of Object.entries(languages)) hljs.registerLanguage(name, language);

/** Makes elements of what the library finds, which else would write HTML. */
class Elements implements Emitter {
  readonly root = document.createDocumentFragment();
  #path: Node[] = [this.root];

  addText(text: string): void {
    this.#path.at(-1)?.appendChild(document.createTextNode(text));
  }

  openNode(name: string): void {
    const [scope] = name.split("."); // such as "title.function"
    const made = element("span", name.startsWith("language:") ? {} : { class: `hljs-${scope}` });
    this.#path.at(-1)?.appendChild(made);
    this.#path.push(made);
  }

  closeNode(): void {
    if (this.#path.length > 1) this.#path.pop();
  }

  startScope(name: string): void {
    this.openNode(name);
  }

  endScope(): void {
    this.closeNode();
  }

  __addSublanguage(emitter: Emitter): void {
    if (emitter instanceof Elements) this.#path.at(-1)?.appendChild(emitter.root);
  }

  finalize(): void {}

  toHTML(): string {
    return "";
  }
}

hljs.configure({ __emitter: Elements });

/** The code with its parts marked, or null when the language is not known. */
export function highlighted(text: string, language: string): DocumentFragment | null {
  if (!hljs.getLanguage(language)) return null;
  const { errorRaised, _emitter: emitter } = hljs.highlight(text, { language, ignoreIllegals: true });
  return emitter instanceof Elements && !errorRaised ? emitter.root : null;
}
