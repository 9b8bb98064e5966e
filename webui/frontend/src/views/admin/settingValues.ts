/** How settings are shown and edited, by what the server calls their types. */
import type { Json, Setting } from "./serverSettings.svelte";
import { parts } from "./words";

export type Control = "switch" | "choice" | "number" | "line" | "lines" | "list" | "json";

export interface Filter {
  words: string;
  /** Only what is not at its default. */
  changed: boolean;
  /** Only what cannot be changed here. */
  locked: boolean;
  /** Also what is not used yet. */
  planned: boolean;
}

/** The name of a group, and its settings. */
export type Group = [string, Setting[]];

const LONG = 80; // characters

/** What a setting is edited with. */
export function controlOf(setting: Setting): Control {
  const { type, value, name } = setting;
  if (type === "boolean") return "switch";
  if (type.startsWith("JSON")) return "json";
  if (type.includes(" separated by ")) return "list";
  if (type.includes(" | ")) return "choice";
  if (/^(integer|number)/.test(type)) return "number";
  const isLong = value.includes("\n") || value.length > LONG || /template|content/.test(name);
  return type === "text" && !setting.secret && isLong ? "lines" : "line";
}

/** What may be chosen: of `a | b or empty`, a, b and nothing. */
export function choicesOf({ type }: Setting): string[] {
  const isOptional = type.endsWith(" or empty");
  const choices = type.replace(/ or empty$/, "").split(" | ");
  return isOptional ? ["", ...choices] : choices;
}

/** The value as text to be edited. */
export function editable(setting: Setting): string {
  const { value } = setting;
  if (controlOf(setting) === "list") return lines(value, separatorOf(setting)).join("\n");
  if (controlOf(setting) !== "json" || !value) return value;
  try {
    return JSON.stringify(JSON.parse(value), null, 2);
  } catch {
    return value; // shown in part
  }
}

/** The JSON value of a text that was edited; a SyntaxError tells that it is no JSON. */
export function parsed(setting: Setting, text: string): Json {
  switch (controlOf(setting)) {
    case "switch":
      return text === "true";
    case "list":
      return lines(text.trimEnd(), "\n");
    case "json":
      return text.trim() ? (JSON.parse(text) as Json) : "";
    case "number":
      return text.trim() && Number.isFinite(Number(text)) ? Number(text) : text.trim();
    default:
      return text;
  }
}

/** Whether something else than the default is in force. */
export const isChanged = ({ source }: Setting): boolean => !source.startsWith("default");

/** Whether the database holds a value, which can be taken back. */
export const isStored = ({ source }: Setting): boolean => source.startsWith("database");

/** The settings that fit, by their groups. */
export function grouped(settings: Setting[], filter: Filter, isLocked: (setting: Setting) => boolean): Group[] {
  const words = parts(filter.words.toLowerCase(), " ");
  const fitting = settings.filter((setting) => {
    const text = `${setting.name} ${setting.environment} ${setting.help} ${setting.group}`.toLowerCase();
    return (
      (filter.planned || !setting.planned) &&
      (!filter.changed || isChanged(setting)) &&
      (!filter.locked || isLocked(setting)) &&
      words.every((word) => text.includes(word))
    );
  });
  const groups = new Map<string, Setting[]>();
  for (const setting of fitting) groups.set(setting.group, [...(groups.get(setting.group) ?? []), setting]);
  return [...groups];
}

// An empty item counts: keys stand in the order of their addresses.
const lines = (text: string, separator: string): string[] =>
  text ? text.split(separator).map((item) => item.trim()) : [];

const separatorOf = ({ type }: Setting): string => type.replace(" or empty", "").at(-1) ?? ",";
