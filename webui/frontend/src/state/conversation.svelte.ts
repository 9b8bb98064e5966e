/** The open chat: its tree of messages as the server keeps it, and the replies that are on their way.
 *
 * The server generates and stores replies, whether anybody looks or not. So the page only asks and follows; what it has
 * not seen for whatever reason it reads again.
 */
import * as chatsApi from "../api/chats";
import { ApiError } from "../api/client";
import type { Attachment, ChatData, Message, Params, TaskEvent } from "../api/types";
import { uuid } from "../lib/ids";
import { titleOf } from "../lib/titles";
import { branchTo, newestLeaf, siblings, subtree } from "../lib/tree";
import { drafts } from "./drafts.svelte";
import { Following } from "./following";
import { models } from "./models.svelte";
import { newChat, replyRequest } from "./requests";
import { Saving, type Changes } from "./saving.svelte";
import { link, Turn } from "./turn.svelte";

const CHANGED_ELSEWHERE = ["chat:message", "message", "replace"]; // types of events

export interface Hooks {
  /** The chat was stored, for the first time if `isNew`. */
  onSaved: (conversation: Conversation, isNew: boolean) => void;
}

export interface Question {
  text: string;
  models: string[];
  files?: Attachment[];
}

/** Messages that were removed, and how it was before. */
interface Removed {
  turns: Turn[];
  siblings: string[];
  currentId: string | null;
}

export class Conversation {
  /** Null until it is stored. */
  id = $state<string | null>(null);
  title = $state("");
  turns = $state.raw<Record<string, Turn>>({});
  currentId = $state<string | null>(null);
  params = $state.raw<Params>({});
  isTemporary = $state(false);
  folderId = $state<string | null>(null);
  isArchived = $state(false);
  /** Whether what the server has of it is here. */
  isLoaded = $state(false);
  /** The message that is being rewritten. */
  editing = $state<string | null>(null);
  /** The question that was asked here last. */
  asked = $state<string | null>(null);
  /** What was removed last, and may be put back. */
  removed = $state.raw<Removed | null>(null);
  /** The messages that are shown. */
  branch = $derived(branchTo(this.turns, this.currentId));
  isRunning = $derived(Object.values(this.turns).some((turn) => turn.isRunning));
  /** The models that the last question was put to, or that the chat was made with. */
  models = $derived.by(() => this.#lastModels());
  readonly saving = new Saving((changes) => this.#store(changes));
  #models: string[] = [];
  #following = new Following(this);
  #loading: Promise<void> | null = null;
  #held = new Map<string, () => void>(); // ids of questions on their way, and what forgets their drafts
  #newId = uuid(); // what it is called once it is stored
  #storedId: string | null = null; // of the message that the server has as the current one, when last heard of

  constructor(
    id: string | null,
    private readonly hooks: Hooks,
  ) {
    this.id = id;
    this.isLoaded = id === null;
  }

  get isEmpty(): boolean {
    return this.currentId === null;
  }

  get last(): Turn | undefined {
    return this.branch.at(-1);
  }

  /** Read what the server has, and go on with replies that are being generated. */
  load(): Promise<void> {
    this.#loading ??= this.#read().finally(() => (this.#loading = null));
    return this.#loading;
  }

  /** Nobody looks any more. */
  close(): void {
    this.#following.close();
    if (this.saving.trouble) drafts.of(this).takeBack();
  }

  /** Put a question to one or several models, and have their replies generated. */
  async ask({ text, models: asked, files = [] }: Question, after?: string | null): Promise<void> {
    this.title ||= titleOf(text);
    const parentId = after === undefined ? this.currentId : after;
    const attached = files.length ? { files } : {};
    const question = this.#add({ role: "user", content: text, models: asked, parentId, ...attached });
    this.asked = question.id;
    if (!this.isTemporary) this.#held.set(question.id, drafts.of(this).hold(text));
    await this.#answer(question, asked);
  }

  /** Ask again what a message says now; what was said before stays as another branch. */
  async askAnew({ message, parentId }: Turn, text: string): Promise<void> {
    await this.ask({ text, models: message.models ?? this.models, files: message.files ?? [] }, parentId);
  }

  /** Another reply to the same question; one that says something stays as another branch. */
  async regenerate(turn: Turn, model = turn.message.model ?? this.models[0]): Promise<void> {
    const question = this.turns[turn.parentId ?? ""];
    if (!question || !model || turn.isRunning) return;
    if (turn.text) return this.#answer(question, [model], turn.message.modelIdx);
    turn.change({ model, modelName: models.nameOf(model) });
    await this.#generate(turn);
  }

  /** Have the model go on where a reply has ended. */
  async continueReply(turn: Turn): Promise<void> {
    if (!turn.isRunning) await this.#generate(turn, turn.text);
  }

  /** Stop what is being generated, or one reply of it. */
  async stop(only?: Turn): Promise<void> {
    await this.#following.stop(only);
  }

  /** Show the branch that this message is on. */
  async choose(turn: Turn): Promise<void> {
    this.reveal(turn);
    await this.#keep();
  }

  /** The same for now, without keeping it. */
  reveal(turn: Turn): void {
    this.currentId = newestLeaf(this.turns, turn).id;
  }

  /** Let a message say something else, in its place. */
  async rewrite(turn: Turn, content: string): Promise<void> {
    turn.show({ ...turn.message, content });
    await this.#keep({ messages: { [turn.id]: turn.message } });
  }

  /** Keep something with a message, such as what somebody thinks of it. */
  async annotate(turn: Turn, changes: Partial<Message>): Promise<void> {
    turn.change(changes);
    await this.#keep({ messages: { [turn.id]: turn.message } });
  }

  /** Remove a message with all that follows it. */
  async remove(turn: Turn): Promise<void> {
    const gone = subtree(this.turns, turn);
    if (gone.some(({ isRunning }) => isRunning)) return;
    const parent = this.turns[turn.parentId ?? ""];
    this.removed = { turns: gone, siblings: parent?.childrenIds ?? [], currentId: this.currentId };
    const next = siblings(this.turns, turn).findLast((sibling) => sibling !== turn);
    const kept = { ...this.turns };
    for (const { id } of gone) delete kept[id];
    parent?.change({ childrenIds: parent.childrenIds.filter((id) => id !== turn.id) });
    this.turns = kept;
    if (!this.turns[this.currentId ?? ""]) {
      this.currentId = next ? newestLeaf(kept, next).id : (parent?.id ?? null);
    }
    await this.#keep({ deleted: gone.map(({ id }) => id) });
  }

  /** Put back what was removed last. */
  async restore(): Promise<void> {
    const { removed } = this;
    if (!removed) return;
    const ids = removed.turns.map(({ id }) => id);
    if (this.id !== null && !this.isTemporary) await chatsApi.restoreMessages(this.id, ids);
    this.turns = { ...this.turns, ...Object.fromEntries(removed.turns.map((turn) => [turn.id, turn])) };
    this.turns[removed.turns[0]?.parentId ?? ""]?.change({ childrenIds: removed.siblings });
    this.currentId = removed.currentId;
    this.removed = null;
    await this.#keep();
  }

  /** Set what the chat is set to. */
  async setParams(params: Params): Promise<void> {
    this.params = params;
    if (this.id !== null && !this.isTemporary) await chatsApi.changeChat(this.id, { params });
  }

  /** Take in what any page of the user's is told. */
  async notice({ task_id: task, message_id, data }: TaskEvent): Promise<void> {
    if (data.type === "chat:title") this.title = String(data.data);
    else if (data.type === "chat:message:follow_ups") this.turns[message_id]?.take(data);
    else if (CHANGED_ELSEWHERE.includes(data.type)) await this.load();
    else if (data.type === "chat:completion" && !this.#following.knows(task)) {
      if (!this.turns[message_id]?.isRunning) await this.load(); // somebody has asked elsewhere
    }
  }

  #lastModels(): string[] {
    const asked = this.branch.findLast(({ message }) => message.role === "user")?.message.models;
    const answered = this.branch.findLast(({ isReply }) => isReply)?.message.model;
    return asked ?? (answered ? [answered] : this.#models);
  }

  async #read(): Promise<void> {
    const { id } = this;
    if (id === null || this.isTemporary) return;
    await this.saving.saveRest().catch(() => {}); // `trouble` tells
    let version: number;
    let read: chatsApi.RunningChat;
    do {
      await this.saving.settled();
      version = this.saving.version;
      read = await chatsApi.getRunningChat(id);
    } while (version !== this.saving.version);
    this.title = read.stored.title;
    this.folderId = read.stored.folder_id;
    this.isArchived = read.stored.archived;
    this.#take(read.stored.chat);
    this.isLoaded = true;
    void this.#following.resume(read.tasks);
  }

  /** What is being generated here, or could not be stored, stays. So does the branch, unless another page chose one. */
  #take({ history = {}, params = {}, models: made = [] }: ChatData): void {
    const { messages = {}, currentId = null } = history;
    const kept: Record<string, Turn> = {};
    for (const message of Object.values(messages)) {
      kept[message.id] = this.turns[message.id] ?? new Turn(message);
      kept[message.id]?.update(message);
    }
    for (const id of Object.keys(this.saving.unsaved)) {
      const turn = this.turns[id];
      if (turn && !kept[id]) link((kept[id] = turn), kept);
    }
    this.#models = made;
    this.params = params;
    const isElsewhere = currentId !== this.#storedId && !Object.values(kept).some(({ isRunning }) => isRunning);
    const isGone = !kept[this.currentId ?? ""];
    this.#storedId = currentId;
    this.turns = kept;
    if (isGone || (isElsewhere && !this.saving.trouble)) this.currentId = currentId;
  }

  /** Add replies of these models to a question, store them, and have them generated. */
  async #answer(question: Turn, asked: string[], modelIdx?: number): Promise<void> {
    const place = (index: number): Partial<Message> =>
      asked.length > 1 ? { modelIdx: index } : modelIdx === undefined ? {} : { modelIdx };
    const replies = asked.map((model, index) => {
      const modelName = models.nameOf(model);
      const said = { role: "assistant", content: "", done: false } as const;
      return this.#add({ ...said, parentId: question.id, model, modelName, ...place(index) });
    });
    if (replies[0]) this.currentId = replies[0].id;
    const fresh = Object.fromEntries([question, ...replies].map(({ id, message }) => [id, message]));
    await Promise.all(replies.map((reply, index) => this.#generate(reply, "", index ? undefined : fresh)));
  }

  /** Have a reply generated that goes on behind `text`, and show it. `fresh` messages are stored along with that. */
  async #generate(turn: Turn, text = "", fresh?: Changes["messages"]): Promise<void> {
    this.removed = null;
    turn.begin(true);
    const request = replyRequest(this, branchTo(this.turns, turn.id).slice(0, -1), turn, text);
    const ask = (along?: chatsApi.ToStore) =>
      chatsApi.startReply({ ...request, chat_id: this.id ?? this.#newId, ...along });
    const task = this.isTemporary
      ? this.#save().then(() => ask())
      : fresh
        ? this.saving.saveAlong({ messages: fresh }, (changes) => this.#send(changes, ask))
        : this.saving.saveRest().then(() => ask());
    await this.#following.follow(task, turn);
  }

  #add(fields: Pick<Message, "role" | "content" | "parentId"> & Partial<Message>): Turn {
    const timestamp = Math.floor(Date.now() / 1000);
    const turn = new Turn({ id: uuid(), childrenIds: [], timestamp, ...fields });
    this.turns = { ...this.turns, [turn.id]: turn };
    link(turn, this.turns);
    this.currentId = turn.id;
    return turn;
  }

  /** Store it when that is possible; until then `saving` tells what is in the way. */
  async #keep(changes: Partial<Changes> = {}): Promise<void> {
    await this.#save(changes).catch(() => {});
  }

  async #save(changes: Partial<Changes> = {}): Promise<void> {
    if (this.isTemporary) this.id ??= `${chatsApi.TEMPORARY}${uuid()}`;
    else await this.saving.save(changes);
  }

  async #store(changes: Changes): Promise<void> {
    try {
      await this.#send(changes, (what) => chatsApi.store(this.id ?? this.#newId, what));
    } catch (error) {
      if (this.id !== null || !(error instanceof ApiError) || error.status !== 409) throw error;
      this.id = this.#newId; // it was stored, and the answer was lost
      await this.#store(changes);
    }
  }

  /** Let a request store changes. */
  async #send<T>(changes: Changes, send: (what: chatsApi.ToStore) => Promise<T>): Promise<T> {
    const { id, currentId } = this;
    const result = await send(
      id === null ? { new_chat: newChat(this, this.#newId, changes.messages) } : { changes: { ...changes, currentId } },
    );
    this.id ??= this.#newId;
    this.#storedId = currentId;
    for (const id of Object.keys(changes.messages)) {
      this.#held.get(id)?.();
      this.#held.delete(id);
    }
    setTimeout(() => this.hooks.onSaved(this, id === null)); // first what waits for it is asked for
    return result;
  }
}
