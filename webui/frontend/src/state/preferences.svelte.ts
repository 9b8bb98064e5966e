/** What somebody likes: kept by the server with the account, under the names that other pages of its API know. */
import { api, read } from "../api/client";
import type { Params } from "../api/types";
import { isLanguage, preferredLanguage, useLanguage, type Language } from "../i18n/index.svelte";
import { addChanges, merge } from "../lib/merge";
import { readUi } from "../lib/stored";
import { remember, remembered } from "../lib/storage";

export type Theme = "system" | "light" | "dark";

/** A change of one to `undefined` puts it back to what it is by default. */
export interface Ui {
  theme?: Theme | undefined;
  language?: Language | undefined;
  /** How large texts are; 1 is the browser's own size. */
  textScale?: number | undefined;
  /** Of a new chat. */
  models?: string[] | undefined;
  system?: string | undefined;
  params?: Params | undefined;
  /** Enter breaks the line, and Ctrl+Enter sends. */
  ctrlEnterToSend?: boolean | undefined;
  title?: { auto?: boolean } | undefined;
  autoTags?: boolean | undefined;
  autoFollowUps?: boolean | undefined;
  [key: string]: unknown;
}

class Preferences {
  #stored = $state.raw<Ui>({ ...readLocal() });
  /** What the server has not taken yet. It is sent with the next change, so a failure loses nothing. */
  #changes = $state.raw<Ui>({});
  #sending: Promise<void> = Promise.resolve();

  /** Whether the server's are known; until then there are only those that this browser remembers. */
  isLoaded = $state(false);

  ui = $derived<Ui>(merge(this.#stored, this.#changes));

  async load(): Promise<void> {
    this.#stored = readUi((await readAll()).ui);
    this.isLoaded = true;
    await this.show();
  }

  /** Change some; they are shown at once. Throws ApiError when they could not be kept. */
  async change(changes: Ui): Promise<void> {
    this.#changes = addChanges(this.#changes, changes);
    await this.show();
    const sending = this.#sending.catch(() => {}).then(() => this.#send());
    this.#sending = sending;
    await sending;
  }

  /** Keep the changes. What other tabs and clients have stored meanwhile is read first, so that it stays. */
  async #send(): Promise<void> {
    const sent = this.#changes;
    const { ui, ...others } = await readAll();
    const merged = merge(readUi(ui), sent) as Ui;
    await read(api.POST("/api/v1/users/user/settings/update", { body: { ...others, ui: merged } }));
    this.#stored = merged;
    if (this.#changes === sent) this.#changes = {};
  }

  /** Make the page look and speak accordingly. This browser remembers it, for the time before one is known. */
  async show(): Promise<void> {
    const { theme, language, textScale } = this.ui;
    remember("ui", JSON.stringify({ theme, language, textScale }));
    const page = document.documentElement;
    if (theme === "light" || theme === "dark") page.dataset.theme = theme;
    else delete page.dataset.theme;
    page.style.fontSize = isScale(textScale) ? `${100 * textScale}%` : "";
    await useLanguage(isLanguage(language) ? language : preferredLanguage());
  }
}

const readAll = async (): Promise<Record<string, unknown>> =>
  (await read(api.GET("/api/v1/users/user/settings"))) ?? {};

/** Whether it is one with which the page can be read; other clients may have stored anything. */
const isScale = (scale: unknown): scale is number => typeof scale === "number" && scale >= 0.5 && scale <= 2;

function readLocal(): Ui {
  try {
    return readUi(JSON.parse(remembered("ui") ?? "{}"));
  } catch {
    return {}; // somebody else's
  }
}

export const preferences = new Preferences();
