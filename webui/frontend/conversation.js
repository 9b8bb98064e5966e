/** A conversation: its tree of messages as the server keeps it, its view, and the reply that is being generated.
 *
 * The server generates and stores replies, whether anybody looks or not. So the page only asks and follows; what it has
 * not seen for whatever reason it reads again.
 */
import { ApiError, followReply, getChat, getTasks, saveChat, startReply, stopReply } from "./api.js";
import { el, say } from "./dom.js";
import { readPassages, textOf, words } from "./passages.js";
import { ReplyView, questionView } from "./reply.js";

const TITLE_LENGTH = 60;

export class Conversation {
  root = el("div", { className: "thread" });
  title = "";
  messages = {};
  currentId = null;
  model = null;
  #view = null; // of the last reply
  #task = null; // a promise of the id of what is being generated
  #known = new Set(); // tasks that were followed here, or are the reason for having read the chat
  #left = new AbortController();
  #saving = Promise.resolve();

  /** `id` is that of a chat to `load`, or null for a new one. `hooks`: `modelName(id)`, `onPaint(conversation)`,
   * `onSaved(conversation, isNew)`, `onState(conversation)`, `onTitle(conversation)`, `chosenModel()`. */
  constructor(id, hooks) {
    this.hooks = hooks;
    this.id = id;
  }

  get isRunning() {
    return this.#task !== null;
  }

  get isEmpty() {
    return this.currentId === null;
  }

  /** Show what the server has, and go on with a reply that is being generated. */
  async load() {
    let { title, chat } = await getChat(this.id);
    let tasks = [];
    if (lastOf(chat)?.done === false) {
      tasks = await getTasks(this.id);
      if (!tasks.length) ({ title, chat } = await getChat(this.id)); // it may just have ended
    }
    this.title = title;
    this.hooks.onTitle(this);
    if (this.isRunning || (!tasks.length && this.#has(chat))) return;
    this.messages = chat.history?.messages ?? {};
    this.currentId = chat.history?.currentId ?? null;
    this.model = lastOf(chat)?.model ?? chat.models?.[0] ?? null;
    this.root.replaceChildren();
    for (const message of this.#branch()) this.#show(message)?.end();
    this.hooks.onState(this);
    if (tasks.length) this.#resume(tasks);
  }

  /** Nobody looks any more. */
  close() {
    this.#left.abort();
  }

  /** Put a question to a model, and show its reply. */
  ask(text, model) {
    this.title ||= text.trim().replace(/\s+/g, " ").slice(0, TITLE_LENGTH);
    this.#show(this.#add({ role: "user", content: text, models: [model] }));
    return this.#answer(this.#addReply(model));
  }

  async stop() {
    const task = this.#task;
    const tell = ({ message }) => task === this.#task && this.#view.note(`The reply is not stopped. ${message}`);
    await task?.then(stopReply).catch(tell);
  }

  /** Take in what any page of the user's is told. */
  async notice({ task_id: task, data: { type, data } }) {
    if (type === "chat:title") {
      this.title = data;
      this.hooks.onTitle(this);
    } else if (type === "chat:completion" && !this.isRunning && !this.#known.has(task)) {
      this.#known.add(task); // somebody has asked elsewhere
      await this.load();
    }
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
      await this.#answer(Object.assign(message, { model }));
    }
  }

  async #continue(message) {
    if (this.isRunning || message.id !== this.currentId) return;
    this.root.lastChild.remove();
    await this.#answer(message, this.#view.text);
  }

  /** Have a reply generated that goes on behind `text`, and show it. */
  #answer(message, text = "") {
    this.model = message.model;
    const task = this.#save().then(() => startReply(this.#request(message, text)));
    return this.#follow(task, message, this.#show(message), true);
  }

  #request({ id, parentId, model }, text) {
    const turns = this.#branch().slice(0, -1).map(turn);
    if (text) turns.push({ role: "assistant", content: text });
    const messages = turns.filter(({ role, content }) => role === "user" || content);
    const tasks = this.messages[parentId].parentId ? {} : { title_generation: true };
    return { model, messages, chat_id: this.id, id, parent_id: parentId, background_tasks: tasks };
  }

  /** Of the tasks of the chat, which other pages may have begun, the one that writes what is shown. */
  async #resume(tasks) {
    const message = this.messages[this.currentId];
    for (const task of tasks) {
      if (await this.#follow(Promise.resolve(task), message, this.#view, false)) return;
    }
  }

  /** Show a reply that is being generated to its end; false if the task turns out to write another message. */
  async #follow(task, message, view, isNow) {
    let [failure, isLost, isMine] = ["", false, true];
    this.#task = task;
    view.wait(isNow);
    this.hooks.onState(this);
    try {
      const id = await task;
      this.#known.add(id);
      Object.assign(message, { done: false, error: undefined, stopped: undefined, interrupted: undefined });
      const options = { signal: this.#left.signal, onLink: (...link) => view.link(...link) };
      for await (const event of followReply(id, options)) {
        isMine = event.message_id === message.id;
        if (isMine) take(event.data, message, view);
        if (!isMine || message.done) break;
      }
    } catch (error) {
      if (this.#left.signal.aborted) return true;
      // It is over and forgotten, or somebody else has it written.
      isLost = [404, 409].includes(error.status);
      failure = error.message;
      if (!(error instanceof ApiError)) console.error(error);
    }
    this.#task = null;
    view.end(failure);
    if (isMine) say(failure || message.error?.content || (message.stopped ? "Stopped" : view.text));
    this.hooks.onState(this);
    if (isLost) await this.load().catch(console.warn);
    return isMine;
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
  #show(message) {
    if (message.role === "user") {
      this.root.append(questionView(message));
      return null;
    }
    this.#view = new ReplyView(message, {
      modelName: message.modelName ?? this.hooks.modelName(message.model),
      onPaint: () => this.hooks.onPaint(this),
      onAgain: () => this.#again(message),
      onContinue: () => this.#continue(message),
    });
    this.root.append(this.#view.root);
    return this.#view;
  }

  /** Whether this is what is shown. */
  #has(chat) {
    const [here, there] = [this.messages[this.currentId], lastOf(chat)];
    return ["id", "content", "done"].every((key) => here?.[key] === there?.[key]);
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

/** A message as a model is sent it. */
const turn = (message) =>
  message.role === "assistant"
    ? { role: "assistant", content: words(readPassages(textOf(message))) }
    : { role: message.role, content: message.content };
const lastOf = ({ history }) => history?.messages?.[history.currentId];

/** Let an event of a task change the message that it writes. */
function take({ type, data }, message, view) {
  if (type === "chat:message:error") message.error = data.error;
  if (type === "chat:tasks:cancel") message.stopped = true;
  if (type !== "chat:completion") return;
  for (const { delta } of data.choices ?? []) view.add(delta);
  if (data.selected_model_id) message.selectedModelId = data.selected_model_id;
  const { title, ...whole } = data;
  if (data.done) Object.assign(message, { content: view.text }, whole);
}

// crypto.randomUUID is missing on plain http, where many a server of one's own runs.
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
