/** The list of chats. Deleting can be undone for a few seconds, since only then the server is told. */
import { deleteChat, getChats } from "./api.js";
import { $, el, iconButton } from "./dom.js";

const PAGE = 60; // chats that the server sends at once
const UNDO = 6000; // ms
const DAY = 86_400; // seconds

export class Sidebar {
  #chats = [];
  #pages = 0;
  #hasMore = false;
  #leaving = new Map(); // id of a chat to be deleted: its timer

  /** `onDelete(id)` is called when the user deletes a chat. */
  constructor(nav, onDelete) {
    this.nav = nav;
    this.onDelete = onDelete;
    this.current = null;
    nav.addEventListener("pointerleave", () => this.#render());
    addEventListener("pagehide", () => [...this.#leaving.keys()].forEach((id) => this.#delete(id)));
  }

  /** Get the next page of the list. */
  async load() {
    const more = await getChats(this.#pages + 1);
    this.#pages += 1;
    this.#hasMore = more.length === PAGE;
    const known = new Set(this.#chats.map(({ id }) => id));
    this.#chats.push(...more.filter(({ id }) => !known.has(id)));
    this.#render();
  }

  /** Take in what has changed elsewhere. */
  async update() {
    const latest = await getChats(1);
    const known = new Set(latest.map(({ id }) => id));
    this.#chats = [...latest, ...this.#chats.filter(({ id }) => !known.has(id))];
    if (!this.nav.matches(":hover, :focus-within")) this.#render();
  }

  /** A chat was stored just now. It moves up when the pointer is elsewhere. */
  touch(id, title) {
    const [first] = this.#chats;
    const isNew = !this.#chats.some((chat) => chat.id === id);
    this.#chats = [{ id, title, updated_at: Date.now() / 1000 }, ...this.#chats.filter((chat) => chat.id !== id)];
    if (first?.id === id && first.title === title && age(first) === "Today") return;
    if (isNew || !this.nav.matches(":hover, :focus-within")) this.#render();
  }

  select(id) {
    this.current = id;
    for (const link of this.nav.querySelectorAll("a")) mark(link, link.hash === `#/c/${id}`);
  }

  #render() {
    const content = [];
    let group = null;
    for (const chat of this.#chats) {
      if (age(chat) !== group) content.push(el("h2", {}, (group = age(chat))), el("ul"));
      content.at(-1).append(this.#row(chat));
    }
    if (!this.#chats.length) content.push(el("p", { className: "quiet" }, "Your chats will be listed here."));
    const older = el("button", { type: "button", className: "link", onclick: () => this.load() }, "Show older chats");
    this.nav.replaceChildren(...content, ...(this.#hasMore ? [older] : []));
  }

  #row({ id, title, problem }) {
    if (this.#leaving.has(id)) {
      const undo = el("button", { type: "button", className: "link", onclick: () => this.#undo(id) }, "Undo");
      return el("li", { className: "leaving" }, el("span", {}, "Chat deleted"), undo);
    }
    const link = el("a", { href: `#/c/${id}`, title: problem ?? title }, problem ?? title);
    mark(link, id === this.current);
    return el("li", {}, link, iconButton("bin", `Delete ${title}`, () => this.#leave(id)));
  }

  #leave(id) {
    this.#leaving.set(id, setTimeout(() => this.#delete(id), UNDO));
    this.#render();
    this.onDelete(id);
    $(".leaving button", this.nav)?.focus();
  }

  #undo(id) {
    clearTimeout(this.#leaving.get(id));
    this.#leaving.delete(id);
    this.#render();
    $(`a[href="#/c/${id}"]`, this.nav)?.focus();
  }

  async #delete(id) {
    clearTimeout(this.#leaving.get(id));
    try {
      await deleteChat(id);
      this.#chats = this.#chats.filter((chat) => chat.id !== id);
    } catch (error) {
      this.#chats.find((chat) => chat.id === id).problem = `Not deleted: ${error.message}`;
    }
    this.#leaving.delete(id);
    this.#render();
  }
}

function mark(link, isCurrent) {
  if (isCurrent) link.setAttribute("aria-current", "page");
  else link.removeAttribute("aria-current");
}

function age({ updated_at: seconds }) {
  const midnight = new Date().setHours(0, 0, 0, 0) / 1000;
  if (seconds >= midnight) return "Today";
  if (seconds >= midnight - DAY) return "Yesterday";
  return seconds >= midnight - 7 * DAY ? "Previous 7 days" : "Older";
}
