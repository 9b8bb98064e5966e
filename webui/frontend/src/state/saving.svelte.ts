/** Stores what changes in a chat, one change after another, so that an older state never overtakes a newer one. What
 * could not be stored is kept, and goes along with the next try. */
import type { Message } from "../api/types";
import { wordsOf } from "../lib/errors";

export interface Changes {
  /** Those that are new or say something else. */
  messages: Record<string, Message>;
  /** Ids of those that go. */
  deleted: string[];
}

type Store = (changes: Changes) => Promise<unknown>;

const NOTHING: Changes = { messages: {}, deleted: [] };

export class Saving {
  /** Why the last change could not be stored. */
  trouble = $state("");
  /** How many changes there were: who reads the chat meanwhile has read an old one. */
  version = 0;
  #rest = NOTHING;
  #last: Promise<void> = Promise.resolve();

  constructor(private readonly store: Store) {}

  /** What stands in this page alone. */
  get unsaved(): Readonly<Record<string, Message>> {
    return this.#rest.messages;
  }

  /** Store these changes, and what could not be stored before; rejects when that fails. */
  save(changes: Partial<Changes> = {}, store = this.store): Promise<void> {
    this.version += 1;
    this.#rest = merge(this.#rest, changes);
    this.#last = this.settled().then(() => this.#storeAll(store));
    return this.#last;
  }

  /** The same by a request that does something else as well. When that fails, they are stored by themselves. */
  async saveAlong<T>(changes: Partial<Changes>, send: (changes: Changes) => Promise<T>): Promise<T> {
    let sent: Promise<T> | undefined;
    await this.save(changes, async (all) => {
      sent = send(all);
      await sent.catch(() => this.store(all));
    });
    return sent as Promise<T>; // it was called, else `save` would have failed
  }

  /** Store what could not be stored before, if there is such. */
  saveRest(): Promise<void> {
    return this.trouble ? this.save() : this.#last;
  }

  /** Nothing is being stored any more. */
  settled(): Promise<void> {
    return this.#last.catch(() => {}); // `trouble` tells
  }

  async #storeAll(store: Store): Promise<void> {
    const changes = this.#rest;
    this.#rest = NOTHING;
    try {
      await store(changes);
      this.trouble = "";
    } catch (error) {
      this.#rest = merge(changes, this.#rest);
      this.trouble = wordsOf(error);
      throw error;
    }
  }
}

function merge(before: Changes, { messages = {}, deleted = [] }: Partial<Changes>): Changes {
  const kept = { ...before.messages, ...messages };
  for (const id of deleted) delete kept[id];
  return { messages: kept, deleted: [...before.deleted.filter((id) => !(id in messages)), ...deleted] };
}
