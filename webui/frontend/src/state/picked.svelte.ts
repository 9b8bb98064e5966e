/** The models that the next question goes to: those picked here, of the chat, preferred, picked last in this browser,
 * the server's, or the first. */
import { remember, remembered } from "../lib/storage";
import { models } from "./models.svelte";
import { preferences } from "./preferences.svelte";
import { session } from "./session.svelte";
import { workspace } from "./workspace.svelte";

class Picked {
  #by = $state.raw<{ conversation: unknown; models: string[] } | null>(null);

  models = $derived.by((): string[] => {
    const mine = this.#mine();
    if (mine) return mine.filter((id) => models.find(id));
    const [preferred, suggested] = this.#defaults();
    const wishes = [workspace.conversation.models, preferred, readLast(), suggested];
    const there = wishes.map((ids) => ids.filter((id) => models.find(id))).find((ids) => ids.length);
    const first = models.choose([]);
    return there ?? (first ? [first] : []);
  });

  /** Models that were asked for, of this chat or here, and are no longer there. */
  gone = $derived.by((): string[] => {
    const wished = this.#mine() ?? workspace.conversation.models;
    return models.list ? wished.filter((id) => !models.find(id)) : [];
  });

  /** Pick models for this chat, and for new ones made in this browser unless others are preferred. */
  pick(ids: string[]): void {
    this.#by = { conversation: workspace.conversation, models: ids };
    remember("models", JSON.stringify(ids));
  }

  /** Let new chats begin with these models, in every browser. Throws ApiError. */
  async keepAsDefault(): Promise<void> {
    await preferences.change({ models: this.models });
  }

  isDefault(id: string): boolean {
    return (
      this.#defaults()
        .find((ids) => ids.length)
        ?.includes(id) === true
    );
  }

  #mine(): string[] | null {
    return this.#by?.conversation === workspace.conversation ? this.#by.models : null;
  }

  #defaults(): [preferred: string[], suggested: string[]] {
    return [preferences.ui.models ?? [], session.config?.default_models?.split(",") ?? []];
  }
}

/** What was picked last in this browser. */
function readLast(): string[] {
  try {
    return JSON.parse(remembered("models") ?? "[]") as string[];
  } catch {
    return []; // somebody else's
  }
}

export const picked = new Picked();
