/** The replies of a chat that are being generated, followed to their ends. */
import { stopTask } from "../api/chats";
import { ApiError } from "../api/client";
import { followTask, type Task } from "../api/events";
import { wordsOf } from "../lib/errors";
import type { Turn } from "./turn.svelte";

/** The chat that they belong to. */
interface Host {
  readonly turns: Readonly<Record<string, Turn>>;
  readonly isTemporary: boolean;
  load: () => Promise<void>;
}

export class Following {
  #known = new Set<string>(); // tasks that are or were followed
  #running = new Set<string>(); // those that are
  #left = new AbortController();

  constructor(private readonly host: Host) {}

  knows(task: string): boolean {
    return this.#known.has(task);
  }

  /** Nobody looks any more. */
  close(): void {
    this.#left.abort();
  }

  /** Stop one reply, or all. */
  async stop(only?: Turn): Promise<void> {
    const tasks = only ? [only.task] : [...this.#running];
    await Promise.all(tasks.map((task) => (task ? stopTask(task) : undefined)));
  }

  /** Follow tasks that other pages have begun. Which message each of them writes, its first event tells. */
  async resume(tasks: string[]): Promise<void> {
    const fresh = tasks.filter((task) => !this.knows(task));
    if (!fresh.length) return;
    const open = Object.values(this.host.turns).filter((turn) => turn.message.done === false && !turn.isRunning);
    for (const turn of open) turn.begin(false);
    const only = fresh.length === 1 && open.length === 1 ? open[0] : undefined;
    await Promise.all(fresh.map((task) => this.follow(Promise.resolve({ id: task }), only ?? null)));
    for (const turn of open) if (turn.isRunning && !turn.task) turn.end();
  }

  /** Show a task to its end. */
  async follow(begun: Promise<Task>, known: Turn | null): Promise<void> {
    let turn = known;
    try {
      const task = await begun;
      this.#known.add(task.id);
      this.#running.add(task.id);
      turn = await this.#show(task, turn).finally(() => this.#running.delete(task.id));
    } catch (error) {
      if (!this.#left.signal.aborted && turn) await this.#lose(turn, error);
    }
  }

  async #show(task: Task, known: Turn | null): Promise<Turn | null> {
    let turn = known;
    if (turn) turn.task = task.id;
    const onLink = (isOpen: boolean, isFromStart: boolean): void => turn?.link(isOpen, isFromStart);
    for await (const event of followTask(task, { signal: this.#left.signal, onLink })) {
      turn ??= this.#find(event.message_id, task.id);
      if (!turn) break;
      turn.take(event.data);
      if (turn.message.done) break;
    }
    turn?.end();
    return turn;
  }

  #find(messageId: string, task: string): Turn | null {
    const turn = this.host.turns[messageId];
    if (!turn) return null;
    if (!turn.isRunning) turn.begin(false);
    turn.link(true, true);
    turn.task = task;
    return turn;
  }

  /** A reply is not to be followed any further. */
  async #lose(turn: Turn, error: unknown): Promise<void> {
    turn.end();
    turn.failure = wordsOf(error);
    if (!(error instanceof ApiError)) return console.error(error);
    turn.retryAfter = error.retryAfter;
    turn.isUnsent = error.status === 0;
    if ((error.status !== 404 && error.status !== 409) || this.host.isTemporary) return;
    // It is over and forgotten, or somebody else has it written.
    const isRead = await this.host.load().then(
      () => true,
      () => false,
    );
    if (isRead) turn.failure = "";
  }
}
