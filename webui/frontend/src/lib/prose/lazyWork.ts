/** Work on elements that needs a module which is loaded when it is first needed. */
import { addJob } from "./frames";

export class LazyWork<Tool> {
  readonly #load: () => Promise<Tool>;
  readonly #act: (tool: Tool, place: HTMLElement) => void;
  readonly #places: HTMLElement[] = [];
  #tool: Promise<Tool> | undefined;

  constructor(load: () => Promise<Tool>, act: (tool: Tool, place: HTMLElement) => void) {
    this.#load = load;
    this.#act = act;
  }

  /** Does it soon, an element a step, unless it is gone from the page by then. */
  add(place: HTMLElement): void {
    this.#places.push(place);
    if (this.#places.length > 1 && this.#tool) return;
    void this.#begin();
  }

  async #begin(): Promise<void> {
    try {
      const tool = await (this.#tool ??= this.#load());
      addJob(() => this.#step(tool));
    } catch {
      this.#tool = undefined; // what is there stays as it is; the next one tries again
    }
  }

  #step(tool: Tool): boolean {
    const place = this.#places.shift();
    if (place?.isConnected) this.#act(tool, place);
    return this.#places.length > 0;
  }
}
