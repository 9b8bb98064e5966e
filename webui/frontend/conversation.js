/** A conversation: its tree of messages as the server keeps it, its view, and the reply that is being written.
 *
 * It lives on while another one is shown, so that a reply is written and stored to its end in any case.
 */
import { ApiError, complete, saveChat } from "./api.js";
import { el, say } from "./dom.js";
import { ReplyView, joinReply, questionView, splitReply } from "./reply.js";

const SAVE_EVERY = 2000; // ms; what a closed tab may lose of a reply
const TITLE_LENGTH = 60;

export class Conversation {
  root = el("div", { className: "thread" });
  #abort = null;
  #saving = Promise.resolve();

  /** `stored` is the server's chat, or nothing for a new one. `hooks`: `modelName(id)`, `onPaint(conversation)`,
   * `onSaved(conversation)`, `onState(conversation)`, `chosenModel()`. */
  constructor(stored, hooks) {
    this.hooks = hooks;
    this.id = stored?.id ?? null;
    this.title = stored?.title ?? "";
    this.messages = stored?.chat.history?.messages ?? {};
    this.currentId = stored?.chat.history?.currentId ?? null;
    this.model = this.#branch().at(-1)?.model ?? stored?.chat.models?.[0] ?? null;
    for (const message of this.#branch()) this.#show(message)?.end();
  }

  get isRunning() {
    return this.#abort !== null;
  }

  get isEmpty() {
    return this.currentId === null;
  }

  /** Put a question to a model, and show and store its reply. */
  ask(text, model) {
    this.title ||= text.trim().replace(/\s+/g, " ").slice(0, TITLE_LENGTH);
    this.#show(this.#add({ role: "user", content: text, models: [model] }));
    return this.#answer(this.#addReply(model));
  }

  stop() {
    this.#abort?.abort();
  }

  /** Another reply to the same question; one that says something stays in the tree as it is. */
  async #again(message) {
    if (this.isRunning || message.id !== this.currentId) return;
    const model = this.hooks.chosenModel() ?? message.model;
    this.root.lastChild.remove();
    if (message.content) {
      this.currentId = message.parentId;
      await this.#answer(this.#addReply(model));
    } else {
      delete message.error;
      delete message.stopped;
      await this.#answer(Object.assign(message, { model, done: false }));
    }
  }

  async #answer(message) {
    const reply = { thought: "", seconds: 0, text: "" };
    const view = this.#show(message, reply);
    view.wait();
    this.model = message.model;
    this.#abort = new AbortController();
    this.hooks.onState(this);
    const saver = setInterval(() => this.#keep(message, reply), SAVE_EVERY);
    try {
      await this.#save();
      await this.#receive(message, reply, view);
    } catch (error) {
      if (this.#abort.signal.aborted) message.stopped = true;
      else message.error = { content: error.message };
      if (!(error instanceof ApiError || message.stopped)) console.error(error);
    }
    clearInterval(saver);
    this.#abort = null;
    message.done = true;
    message.content = joinReply(reply);
    const problem = await this.#save().then(() => "", (error) => `This is not saved yet. ${error.message}`);
    view.end(message.error ? "" : problem);
    say(message.error?.content ?? (message.stopped ? "Stopped" : view.root.querySelector(".prose").textContent));
    this.hooks.onState(this);
  }

  /** Store what has come so far; if that fails, the end of the reply tells. */
  #keep(message, reply) {
    if (message.content === joinReply(reply)) return;
    message.content = joinReply(reply);
    this.#save().catch(console.warn);
  }

  async #receive(message, reply, view) {
    const asked = this.#branch().slice(0, -1).filter(({ role, content }) => role === "user" || content);
    const turns = asked.map(({ role, content }) => ({
      role,
      content: role === "assistant" ? splitReply(content).text : content,
    }));
    const began = Date.now();
    for await (const delta of complete(message.model, turns, this.#abort.signal)) {
      const thought = delta.reasoning_content ?? delta.reasoning ?? "";
      if (thought) reply.seconds = Math.round((Date.now() - began) / 1000);
      reply.thought += thought;
      reply.text += delta.content ?? "";
      view.grow();
    }
  }

  #addReply(model) {
    return this.#add({ role: "assistant", content: "", model, modelName: this.hooks.modelName(model), done: false });
  }

  #add(fields) {
    const message = { id: uuid(), parentId: this.currentId, childrenIds: [], ...fields };
    message.timestamp = Math.floor(Date.now() / 1000);
    this.messages[message.id] = message;
    this.messages[this.currentId]?.childrenIds.push(message.id);
    this.currentId = message.id;
    return message;
  }

  /** Adds the view of a message; gives that of a reply. */
  #show(message, reply = splitReply(message.content)) {
    if (message.role === "user") {
      this.root.append(questionView(message));
      return null;
    }
    const view = new ReplyView(message, reply, {
      modelName: message.modelName ?? this.hooks.modelName(message.model),
      onPaint: () => this.hooks.onPaint(this),
      onAgain: () => this.#again(message),
    });
    this.root.append(view.root);
    return view;
  }

  #branch() {
    const path = [];
    for (let message = this.messages[this.currentId]; message; message = this.messages[message.parentId]) {
      path.unshift(message);
    }
    return path;
  }

  /** Saves one after another, so that an older state never overtakes a newer one. */
  #save() {
    const save = async () => {
      const history = { messages: this.messages, currentId: this.currentId };
      const isNew = this.id === null;
      const chat = { ...(isNew && { title: this.title }), models: [this.model], history };
      const stored = await saveChat(this.id, chat);
      this.id = stored.id;
      this.hooks.onSaved(this, isNew);
    };
    this.#saving = this.#saving.then(save, save);
    return this.#saving;
  }
}

// crypto.randomUUID is missing on plain http, where many a server of one's own runs.
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
