/** The rows of the chats by time. There may be very many: those that stand as they did are kept when more are read. */
import { dayOf, groupKey, timeGroup } from "../../lib/timeGroups";
import type { ChatLine } from "../../state/pages.svelte";
import type { Row } from "./rows";

export class TimeRows {
  rows: Row[] = [];
  #chats: readonly ChatLine[] = [];
  #starts: number[] = []; // where in the rows each chat begins, with the heading above it
  #indexes = new Map<string, number>();
  #now: Date | null = null;

  /** The rows of these chats, which are in the order of their times. */
  update(chats: readonly ChatLine[], now: Date): Row[] {
    let kept = 0;
    if (now === this.#now) while (kept < chats.length && chats[kept] === this.#chats[kept]) kept++;
    this.#cut(kept);
    this.#add(chats, kept, now);
    this.#chats = chats;
    this.#now = now;
    return this.rows;
  }

  /** Where a row is; undefined if there is none of this key. */
  indexOf(key: string): number | undefined {
    return this.#indexes.get(key);
  }

  #cut(kept: number): void {
    const end = this.#starts[kept] ?? this.rows.length;
    for (const { key } of this.rows.splice(end)) this.#indexes.delete(key);
    this.#starts.length = Math.min(kept, this.#starts.length);
  }

  #add(chats: readonly ChatLine[], from: number, now: Date): void {
    const before = chats[from - 1];
    let last = before ? groupKey(timeGroup(before.updated_at, now)) : "";
    let [day, group] = [{ from: 0, until: 0 }, timeGroup(0, now)];
    for (const chat of chats.slice(from)) {
      this.#starts.push(this.rows.length);
      const { updated_at } = chat;
      if (updated_at < day.from || updated_at >= day.until) {
        [day, group] = [dayOf(updated_at), timeGroup(updated_at, now)]; // the same for all of a day
      }
      const key = groupKey(group);
      if (key !== last) this.#push({ kind: "heading", key, heading: group });
      last = key;
      this.#push({ kind: "chat", key: chat.id, chat, depth: 0, folderId: null });
    }
  }

  #push(row: Row): void {
    this.#indexes.set(row.key, this.rows.length);
    this.rows.push(row);
  }
}
