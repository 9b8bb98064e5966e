/** The words of the page: one file for each area and language, in `<language>/<area>.json`. */
import en from "./en";

export type Key = keyof typeof en;
export type Messages = Record<Key, string>;
export type Values = Record<string, string | number>;

/** The languages there are, each by its own name. English is part of the page, others are loaded when asked for. */
export const LANGUAGES = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof LANGUAGES;

const loaders: Record<Exclude<Language, "en">, () => Promise<{ default: Messages }>> = { de: () => import("./de") };

let messages = $state.raw<Messages>(en);
let language = $state<Language>("en");

/** The language that is shown. */
export const currentLanguage = (): Language => language;

/** The language of these that the browser's user prefers. */
export function preferredLanguage(): Language {
  const wished = navigator.languages.map((tag) => tag.split("-")[0]);
  return wished.find(isLanguage) ?? "en";
}

export const isLanguage = (name: string | undefined): name is Language => name !== undefined && name in LANGUAGES;

/** Show the page in another language. */
export async function useLanguage(name: Language): Promise<void> {
  messages = name === "en" ? en : (await loaders[name]()).default;
  language = name;
  document.documentElement.lang = name;
}

/** A text with its `{values}`. Of "one | many", `n` chooses. */
export function t(key: Key, values: Values = {}): string {
  const forms = messages[key].split(" | ");
  const isOne = new Intl.PluralRules(language).select(Number(values.n)) === "one";
  const form = forms.length > 1 && !isOne ? forms[1] : forms[0];
  return (form ?? key).replace(/\{(\w+)\}/g, (whole, name: string) => shown(values[name]) ?? whole);
}

function shown(value: string | number | undefined): string | undefined {
  return typeof value === "number" ? new Intl.NumberFormat(language).format(value) : value;
}
