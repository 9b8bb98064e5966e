/** A message that is shown, and what is on its way to it. */
import type { Delta, Message, TaskEvent } from "../api/types";
import { readMessage } from "../lib/stored";
import { addDelta, readPassages, textOf, words, type Passage } from "../lib/passages";

export class Turn {
  /** As it is stored; replaced as a whole when something of it changes. */
  message = $state.raw<Message>() as Message;
  /** What a reply says so far. */
  passages = $state.raw<Passage[]>([]);
  isRunning = $state(false);
  /** Whether there is a connection to the reply that is running. */
  isLinked = $state(true);
  /** What went wrong here, and not in the reply. */
  failure = $state("");
  /** Whether that is that the server could not be reached. */
  isUnsent = $state(false);
  /** Seconds to wait before another try. */
  retryAfter = $state<number | null>(null);
  task: string | null = null;
  #deltas: { delta: Delta; now: number | null }[] = [];
  #frame = 0;
  #isNow = false; // what comes has only just been said
  #isAnew = false; // what comes next begins from the start

  constructor(message: Message) {
    this.show(message);
  }

  get id(): string {
    return this.message.id;
  }

  get parentId(): string | null {
    return this.message.parentId;
  }

  get childrenIds(): string[] {
    return this.message.childrenIds;
  }

  get isReply(): boolean {
    return this.message.role === "assistant";
  }

  /** The words alone, without thoughts and calls of tools. */
  get text(): string {
    return this.isReply ? words(this.passages) : textOf(this.message);
  }

  /** Show a message as it is stored. */
  show(message: Message): void {
    this.message = message;
    if (message.role === "assistant") this.passages = readPassages(textOf(message));
  }

  /** Take in what is stored. What is being generated is known better here, and what says the same stays as it is. */
  update(message: Message): void {
    const { parentId, childrenIds } = message;
    if (this.isRunning) this.change({ parentId, childrenIds });
    else if (textOf(this.message) === textOf(message)) this.message = message;
    else this.show(message);
  }

  change(changes: Partial<Message>): void {
    this.message = { ...this.message, ...changes };
  }

  /** A reply is on its way; `isNow`: it has been asked for just now. */
  begin(isNow: boolean): void {
    this.#isNow = isNow;
    this.isRunning = this.isLinked = true;
    this.failure = "";
    this.isUnsent = false;
    this.retryAfter = null;
    this.change({ done: false, error: null, stopped: false, interrupted: false });
  }

  /** The connection was made or broken. From the start it brings the whole; what is shown stays until that has come. */
  link(isOpen: boolean, isFromStart: boolean): void {
    this.isLinked = isOpen;
    this.#isNow &&= isOpen;
    if (isFromStart) this.#isAnew = true;
  }

  /** Take in what the server tells of this message. */
  take({ type, data }: TaskEvent["data"]): void {
    if (type === "chat:message:error") {
      this.change({ error: data.error ?? true });
      this.retryAfter = data.error?.retry_after ?? null;
    }
    if (type === "chat:tasks:cancel") this.change({ stopped: true });
    if (type === "chat:message:follow_ups")
      this.message = readMessage({ ...this.message, followUps: data.follow_ups ?? [] });
    if (type !== "chat:completion") return;
    for (const { delta } of data.choices ?? []) if (delta) this.#add(delta);
    if (data.selected_model_id) this.change({ selectedModelId: data.selected_model_id });
    if (data.done) this.#complete(data);
  }

  end(): void {
    this.#paint();
    this.isRunning = false;
    this.task = null;
  }

  #complete(data: TaskEvent["data"]["data"]): void {
    this.#paint();
    const { title: _title, choices: _choices, ...whole } = data; // the title is the chat's
    this.change({ content: this.text, ...whole } as Partial<Message>);
    if (typeof data.content === "string") this.passages = readPassages(data.content);
  }

  /** The first is painted at once; those that follow are collected, and painted once a frame. */
  #add(delta: Delta): void {
    this.#deltas.push({ delta, now: this.#isNow ? Date.now() : null });
    if (this.passages.length) this.#frame ||= requestAnimationFrame(() => this.#paint());
    else this.#paint();
  }

  #paint(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    if (!this.#deltas.length) return;
    let passages = this.#isAnew ? [] : this.passages;
    this.#isAnew = false;
    for (const { delta, now } of this.#deltas.splice(0)) passages = addDelta(passages, delta, now);
    this.passages = passages;
  }
}

/** Let the parent of a message know it. */
export function link({ id, parentId }: Turn, turns: Record<string, Turn>): void {
  const parent = turns[parentId ?? ""];
  if (parent && !parent.childrenIds.includes(id)) parent.change({ childrenIds: [...parent.childrenIds, id] });
}
