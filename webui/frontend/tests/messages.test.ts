import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { LANGUAGES } from "../src/i18n/index.svelte";

const SOURCE = join(__dirname, "..", "src");
const NAMES = Object.keys(LANGUAGES);

/** The messages of each area of a language. */
function areas(language: string): Record<string, Record<string, string>> {
  const folder = join(SOURCE, "i18n", language);
  const read = (file: string) => JSON.parse(readFileSync(join(folder, file), "utf8")) as Record<string, string>;
  return Object.fromEntries(readdirSync(folder).map((file) => [file.replace(".json", ""), read(file)]));
}

const all = (language: string): Record<string, string> => Object.assign({}, ...Object.values(areas(language)));

const placeholders = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g))].sort();
const forms = (text: string): number => text.split(" | ").length;

/** All that is written in the page's own source, without types that are generated. */
function source(): string {
  const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" });
  const own = files.filter((file) => /\.(svelte|ts)$/.test(file) && !file.endsWith("schema.d.ts"));
  return own.map((file) => readFileSync(join(SOURCE, file), "utf8")).join("\n");
}

const english = all("en");

describe.each(NAMES)("messages in %s", (language) => {
  const messages = all(language);

  it("has those that English has, and no others", () => {
    expect(Object.keys(messages).sort()).toEqual(Object.keys(english).sort());
  });

  it("has no empty one", () => {
    expect(Object.keys(messages).filter((key) => !messages[key]?.trim())).toEqual([]);
  });

  it("fills in the same values, and has as many forms for numbers", () => {
    const unlike = Object.keys(english).filter((key) => {
      const [ours, theirs] = [english[key] ?? "", messages[key] ?? ""];
      return forms(ours) !== forms(theirs) || placeholders(ours).join() !== placeholders(theirs).join();
    });
    expect(unlike).toEqual([]);
  });

  it("keeps each in the file of its area", () => {
    for (const [area, found] of Object.entries(areas(language))) {
      expect(Object.keys(found).filter((key) => !key.startsWith(`${area}.`))).toEqual([]);
    }
  });
});

describe("messages and what uses them", () => {
  const text = source();
  // A key that is put together names the area and what all of them begin with: t(`settings.tab.${name}`).
  const begun = [...text.matchAll(/`([a-z]+\.[\w.]*)\$\{/g)].map((found) => found[1] ?? "");
  const isNamed = (key: string): boolean => text.includes(`"${key}"`) || begun.some((start) => key.startsWith(start));

  it("has every one that is asked for", () => {
    const asked = [...text.matchAll(/\bt\(\s*"([^"]+)"/g)].map((found) => found[1] ?? "");
    expect(asked.length).toBeGreaterThan(20);
    expect(asked.filter((key) => !(key in english))).toEqual([]);
  });

  it("has none that nobody asks for", () => {
    expect(Object.keys(english).filter((key) => !isNamed(key))).toEqual([]);
  });
});
