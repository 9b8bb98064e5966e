/** Files of chats that are sent and taken in; that goes on whatever else is looked at. */
import { listImports, removeImport, sendFile, type Import } from "../api/imports";
import type { EventData } from "../api/types";
import { chats } from "./chats.svelte";

class Imports {
  /** The latest first. */
  list = $state.raw<Import[]>([]);
  /** The file that is on its way to the server, and the share of it that is there. */
  sending = $state.raw<{ name: string; share: number } | null>(null);
  #stop = new AbortController();

  get running(): Import | undefined {
    return this.list.find(({ state }) => state === "running");
  }

  async load(): Promise<void> {
    const wasRunning = this.running?.id;
    this.list = await listImports();
    if (wasRunning && this.running?.id !== wasRunning) await chats.update();
  }

  async send(file: File): Promise<void> {
    const { name } = file;
    this.sending = { name, share: 0 };
    this.#stop = new AbortController();
    const onprogress = (share: number): void => void (this.sending = { name, share });
    try {
      const begun = await sendFile(file, { signal: this.#stop.signal, onprogress });
      this.list = [begun, ...this.list];
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
    } finally {
      this.sending = null;
    }
  }

  stopSending(): void {
    this.#stop.abort();
  }

  /** Cancel one that runs, or forget one that has ended. */
  async remove(id: string): Promise<void> {
    await removeImport(id);
    await this.load();
  }

  /** The server tells how far one is. */
  notice(data: EventData): void {
    const news = data as unknown as Partial<Import>;
    const hasEnded = news.state !== "running";
    this.list = this.list.map((one) => (one.id === news.id ? { ...one, ...news } : one));
    if (hasEnded || !this.list.some(({ id }) => id === news.id)) this.load().catch(console.warn);
    if (hasEnded) chats.update().catch(console.warn);
  }
}

export const imports = new Imports();
