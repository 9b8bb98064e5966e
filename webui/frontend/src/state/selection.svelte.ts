/** Chats that are selected, to do something with all of them. */
import { SvelteSet } from "svelte/reactivity";

class Selection {
  isOn = $state(false);
  ids = new SvelteSet<string>();
  #anchor: string | null = null;

  start(id?: string): void {
    this.isOn = true;
    if (id !== undefined) this.toggle(id);
  }

  end(): void {
    this.isOn = false;
    this.ids.clear();
    this.#anchor = null;
  }

  toggle(id: string): void {
    if (!this.ids.delete(id)) this.ids.add(id);
    this.#anchor = id;
  }

  /** Select all from the one that was chosen last to this one, in the order in which they are shown. */
  extend(id: string, order: readonly string[]): void {
    const from = order.indexOf(this.#anchor ?? id);
    const to = order.indexOf(id);
    if (from < 0 || to < 0) return this.toggle(id);
    for (const each of order.slice(Math.min(from, to), Math.max(from, to) + 1)) this.ids.add(each);
  }
}

export const selection = new Selection();
