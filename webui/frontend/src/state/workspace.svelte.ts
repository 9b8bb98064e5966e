/** What is open: the conversation that the address names, kept up to date with what happens elsewhere. */
import { followAll } from "../api/events";
import type { TaskEvent } from "../api/types";
import { ApiError } from "../api/client";
import { wordsOf } from "../lib/errors";
import { chatAddress, go, route } from "../lib/router.svelte";
import { catchUp } from "./catchUp";
import { chats } from "./chats.svelte";
import { Conversation } from "./conversation.svelte";
import { drafts } from "./drafts.svelte";
import { imports } from "./imports.svelte";
import { models } from "./models.svelte";
import { preferences } from "./preferences.svelte";

const AFTER_OWN = 1000; // ms after which this page has done what belongs to its own deletions

class Workspace {
  conversation = $state.raw(new Conversation(null, this.#hooks()));
  /** Why the chat that the address names cannot be shown. */
  trouble = $state("");
  /** Whether that is that there is no such chat, or no more. */
  isGone = $state(false);
  /** Whether the server can be reached, as far as is known. */
  isOnline = $state(true);
  #watching = new AbortController();

  /** Somebody has come in: read what the page shows, and listen. */
  async enter(): Promise<void> {
    void this.#watch();
    await Promise.all([preferences.load(), models.load(), chats.update()]);
  }

  /** Show the chat that the address names; without one, a new one, or the temporary one that is open. */
  async open(id: string | null): Promise<void> {
    const { conversation } = this;
    if (id === conversation.id || (id === null && conversation.isTemporary)) return;
    this.#show(new Conversation(id, this.#hooks()));
    await this.read();
  }

  /** Read the open chat, once more if that has failed. */
  async read(): Promise<void> {
    const { conversation } = this;
    this.trouble = "";
    this.isGone = false;
    try {
      await conversation.load();
    } catch (error) {
      if (conversation === this.conversation) this.#tell(error);
    }
  }

  #tell(error: unknown): void {
    this.trouble = wordsOf(error);
    this.isGone = isMissing(error);
  }

  /** Begin a new chat, in a folder if one is named. */
  startNew({ folderId = null, isTemporary = false }: { folderId?: string | null; isTemporary?: boolean } = {}): void {
    const fresh = new Conversation(null, this.#hooks());
    fresh.folderId = folderId;
    fresh.isTemporary = isTemporary;
    this.trouble = "";
    this.#show(fresh);
    go("#/");
  }

  /** Go on in a new chat with what was written in one that is gone. */
  leaveGone(): void {
    const left = drafts.of(this.conversation);
    left.takeBack();
    const { text } = left;
    left.clear();
    this.startNew();
    drafts.of(this.conversation).add(text);
  }

  #show(conversation: Conversation): void {
    this.conversation.close();
    this.conversation = conversation;
  }

  #hooks(): { onSaved: (saved: Conversation, isNew: boolean) => void } {
    return {
      onSaved: (saved, isNew) => {
        if (saved.id === null) return;
        chats.touch(saved.id, saved.title, saved.folderId);
        if (isNew && saved === this.conversation) go(chatAddress(saved.id), { replace: true });
      },
    };
  }

  /** What happens to the user's chats, whoever does it. */
  async #watch(): Promise<void> {
    this.#watching.abort();
    const { signal } = (this.#watching = new AbortController());
    let isBack = false;
    const onLink = (isOpen: boolean): void => {
      this.isOnline = isOpen;
      if (isOpen && isBack) this.#catchUp();
      isBack = true;
    };
    try {
      for await (const event of followAll({ signal, onLink })) this.#notice(event);
    } catch (error) {
      if (!signal.aborted) console.warn(error);
    }
  }

  #notice(event: TaskEvent): void {
    const { type, data } = event.data;
    if (type === "import:progress") return imports.notice(data);
    if (type === "chats:deleted") return void setTimeout(() => this.#noticeDeleted(data.id), AFTER_OWN);
    const title = type === "chat:title" ? String(data) : data.done ? data.title : undefined;
    if (title) chats.touch(event.chat_id, title);
    if (event.chat_id === this.conversation.id) this.conversation.notice(event).catch(console.warn);
  }

  /** A chat was deleted, or many were. */
  #noticeDeleted(id: string | null | undefined): void {
    if (!id) return this.#catchUp();
    chats.dropLater(id);
    if (id === this.conversation.id) this.#lookAgain();
  }

  /** See what has happened while nobody told. */
  #catchUp(): void {
    chats.updateLater();
    this.#lookAgain();
  }

  #lookAgain(): void {
    const { conversation } = this;
    catchUp(conversation).catch((error: unknown) => {
      if (conversation === this.conversation && isMissing(error)) this.#tell(error);
      else console.warn(error);
    });
  }
}

/** Whether an answer says that there is no such chat; its API tells that by the status 401. */
const isMissing = (error: unknown): boolean => error instanceof ApiError && [401, 404].includes(error.status);

/** The id of the chat that the address names. */
export function chatInAddress(): string | null {
  const [first, id] = route.parts;
  return first === "c" && id ? id : null;
}

export const workspace = new Workspace();
