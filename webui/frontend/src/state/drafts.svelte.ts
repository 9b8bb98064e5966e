/** What is being written in each chat. The words outlive a reload; pictures last as long as the page. */
import type { Attachment } from "../api/types";
import { draftKey, keepDraft, readDraft } from "../lib/drafts";
import { session } from "./session.svelte";

const TEMPORARY = "temporary"; // the draft of a chat that nothing is kept of

interface Place {
  id: string | null;
  isTemporary: boolean;
}

export class Draft {
  files = $state.raw<Attachment[]>([]);
  #text: string;
  /** Questions that were sent from here, and are not known to be stored. */
  #sent: { text: string }[] = [];

  constructor(private key: string) {
    this.#text = $state(key === TEMPORARY ? "" : readDraft(key));
  }

  get text(): string {
    return this.#text;
  }

  set text(text: string) {
    this.#text = text;
    this.#keep();
  }

  get isEmpty(): boolean {
    return !this.text.trim() && !this.files.length;
  }

  /** Put more behind what is written. */
  add(text: string): void {
    this.text = joined([this.text, text]);
  }

  clear(): void {
    this.text = "";
    this.files = [];
  }

  /** Keep a question that is being sent, so that a reload brings it back; what is answered forgets it. */
  hold(text: string): () => void {
    const held = { text };
    this.#sent.push(held);
    this.#keep();
    return () => {
      this.#sent = this.#sent.filter((other) => other !== held);
      this.#keep();
    };
  }

  /** Nobody sends any more what could not be sent: it is to be written on. */
  takeBack(): void {
    const text = this.#whole();
    this.#sent = [];
    this.text = text;
  }

  /** Keep it under another name. */
  move(key: string): void {
    if (this.key !== TEMPORARY) keepDraft(this.key, "");
    this.key = key;
    this.#keep();
  }

  #keep(): void {
    if (this.key !== TEMPORARY) keepDraft(this.key, this.#whole());
  }

  #whole(): string {
    return joined([...this.#sent.map(({ text }) => text), this.#text]);
  }
}

const joined = (texts: string[]): string => texts.filter(Boolean).join("\n\n");

class Drafts {
  #drafts = new Map<string, Draft>();
  #last: { conversation: Place; key: string } | null = null;

  /** The draft of a conversation; it goes along when a new chat is stored, or becomes a temporary one. */
  of(conversation: Place): Draft {
    const key = conversation.isTemporary ? TEMPORARY : draftKey(session.user?.id ?? "", conversation.id);
    if (this.#last?.conversation === conversation && this.#last.key !== key) this.#move(this.#last.key, key);
    this.#last = { conversation, key };
    const draft = this.#drafts.get(key) ?? new Draft(key);
    this.#drafts.set(key, draft);
    return draft;
  }

  #move(from: string, to: string): void {
    const draft = this.#drafts.get(from);
    if (!draft) return;
    this.#drafts.delete(from);
    this.#drafts.set(to, draft);
    draft.move(to);
  }
}

export const drafts = new Drafts();
