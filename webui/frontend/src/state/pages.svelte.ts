/** A list of chats that the server sends a page at a time. */
import { wordsOf } from "../lib/errors";

export interface ChatLine {
  id: string;
  title: string;
  updated_at: number; // seconds since 1970
}

export class Pages<Line extends ChatLine = ChatLine> {
  list = $state.raw<Line[]>([]);
  hasMore = $state(true);
  isLoading = $state(false);
  /** Why the list does not go on. */
  trouble = $state("");
  #ids = new Set<string>();

  /** `readPage` counts from 1; a page that has fewer than `size` is the last. */
  constructor(
    private readonly readPage: (page: number) => Promise<Line[]>,
    private readonly size: number,
  ) {}

  /** Read on. What was put in or taken out meanwhile has shifted the pages, so the next one may bring some again. */
  async loadMore(): Promise<void> {
    if (this.isLoading || !this.hasMore) return;
    await this.#read(Math.floor(this.list.length / this.size) + 1, (lines) => {
      const more = lines.filter(({ id }) => !this.#ids.has(id));
      for (const { id } of more) this.#ids.add(id);
      this.list = this.list.concat(more); // there may be very many
      this.hasMore = lines.length === this.size;
    });
  }

  /** Take in what has changed elsewhere. */
  async update(): Promise<void> {
    await this.#read(1, (lines) => {
      const ids = new Set(lines.map(({ id }) => id));
      const last = lines.at(-1);
      const isAll = lines.length < this.size || !last;
      // Those that would stand among these and do not are gone.
      const rest = isAll ? [] : this.list.filter((line) => !ids.has(line.id) && line.updated_at <= last.updated_at);
      this.hasMore = !isAll;
      this.#show([...lines, ...rest]);
    });
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  find(id: string): Line | undefined {
    return this.has(id) ? this.list.find((line) => line.id === id) : undefined;
  }

  /** Put a chat where it belongs by its time; behind what is loaded it comes with its page. */
  put(line: Line): void {
    const others = this.list.filter(({ id }) => id !== line.id);
    const index = others.findIndex(({ updated_at }) => updated_at <= line.updated_at);
    if (index < 0 && this.hasMore) this.#show(others);
    else this.#show(others.toSpliced(index < 0 ? others.length : index, 0, line));
  }

  retitle(id: string, title: string): void {
    if ((this.find(id)?.title ?? title) !== title)
      this.list = this.list.map((line) => (line.id === id ? { ...line, title } : line));
  }

  drop(ids: ReadonlySet<string>): void {
    if (this.list.some(({ id }) => ids.has(id))) this.#show(this.list.filter(({ id }) => !ids.has(id)));
  }

  #show(list: Line[]): void {
    this.list = list;
    this.#ids = new Set(list.map(({ id }) => id));
  }

  async #read(page: number, take: (lines: Line[]) => void): Promise<void> {
    this.isLoading = true;
    this.trouble = "";
    try {
      take(await this.readPage(page));
    } catch (error) {
      this.trouble = wordsOf(error);
    } finally {
      this.isLoading = false;
    }
  }
}
