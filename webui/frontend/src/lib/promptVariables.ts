/** Variables in prompts: `{{CURRENT_DATE}}`, which the page knows, and `{{ name | type:property=value }}`, which it asks
 * for. */

export interface Variable {
  name: string;
  type: "text" | "textarea" | "number" | "date" | "select";
  placeholder: string;
  initial: string;
  options: string[];
  isRequired: boolean;
}

const PLACE = /\{\{\s*([^{}|]+?)\s*(?:\|([^{}]*))?\}\}/g;
const PROPERTY = /:\s*(\w+)(?:\s*=\s*("(?:[^"\\]|\\.)*"|\[[^\]]*\]|[^:]*))?/g;
const TYPES: readonly Variable["type"][] = ["text", "textarea", "number", "date", "select"];
const KNOWN =
  "CLIPBOARD USER_NAME USER_EMAIL USER_LOCATION USER_LANGUAGE" +
  " CURRENT_DATETIME CURRENT_DATE CURRENT_TIME CURRENT_WEEKDAY CURRENT_TIMEZONE";
const known = new Set(KNOWN.split(" "));
const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** The variables of a prompt that somebody has to fill in, each once. */
export function variablesOf(template: string): Variable[] {
  const found = new Map<string, Variable>();
  for (const [, name = "", form = ""] of template.matchAll(PLACE)) {
    if (!known.has(name) && !found.has(name)) found.set(name, readVariable(name, form));
  }
  return [...found.values()];
}

/** The prompt with the variables replaced that have a value, in one pass: no value is taken for a variable. */
export function fillIn(template: string, values: Record<string, string>): string {
  return template.replace(PLACE, (whole, name: string) => values[name] ?? whole);
}

/** Whether a prompt wants what is in the clipboard. */
export const wantsClipboard = (template: string): boolean => /\{\{\s*CLIPBOARD\s*\}\}/.test(template);

/** What the page knows by itself, in the forms in which the server fills in system prompts. */
export function knownValues(user: { name: string; email: string } | null, now = new Date()): Record<string, string> {
  const two = (number: number): string => String(number).padStart(2, "0");
  const date = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  const clock = [now.getHours() % 12 || 12, now.getMinutes(), now.getSeconds()].map(two).join(":");
  const time = `${clock} ${now.getHours() < 12 ? "AM" : "PM"}`;
  return {
    USER_NAME: user?.name ?? "",
    USER_EMAIL: user?.email ?? "",
    USER_LANGUAGE: navigator.language,
    CURRENT_DATE: date,
    CURRENT_TIME: time,
    CURRENT_DATETIME: `${date} ${time}`,
    CURRENT_WEEKDAY: WEEKDAYS[now.getDay()] ?? "",
    CURRENT_TIMEZONE: Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
}

function readVariable(name: string, form: string): Variable {
  const type = form.split(":")[0]?.trim();
  const properties = new Map([...form.matchAll(PROPERTY)].map(([, key = "", value]) => [key, value?.trim()]));
  const text = (key: string): string => unquoted(properties.get(key) ?? "");
  return {
    name,
    type: TYPES.find((one) => one === type) ?? "text",
    placeholder: text("placeholder"),
    initial: text("default"),
    options: list(properties.get("options")),
    isRequired: properties.has("required"),
  };
}

const unquoted = (value: string): string => value.replace(/^"([\s\S]*)"$/, "$1").replace(/\\(.)/g, "$1");

function list(value = "[]"): string[] {
  try {
    const parsed = JSON.parse(value) as unknown;
    return Array.isArray(parsed) ? parsed.map(String) : [];
  } catch {
    return []; // somebody has mistyped it
  }
}
