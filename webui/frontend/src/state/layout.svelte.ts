/** Whether the sidebar is shown: beside the rest where there is room, which this browser remembers, else as a drawer
 * over it. */
import { remember, remembered } from "../lib/storage";

const KEY = "sidebar";
const wide = matchMedia("(min-width: 48rem)");

class Layout {
  /** There is room for the sidebar beside what is open. */
  isWide = $state(wide.matches);
  #isBeside = $state(remembered(KEY) !== "closed");
  #isOver = $state(false);

  constructor() {
    wide.addEventListener("change", () => {
      this.isWide = wide.matches;
      this.#isOver = false;
    });
  }

  get isOpen(): boolean {
    return this.isWide ? this.#isBeside : this.#isOver;
  }

  /** The sidebar lies over the rest, which waits until it is closed. */
  get isDrawer(): boolean {
    return this.#isOver;
  }

  toggle(): void {
    if (this.isWide) {
      this.#isBeside = !this.#isBeside;
      remember(KEY, this.#isBeside ? "open" : "closed");
    } else this.#isOver = !this.#isOver;
  }

  closeDrawer(): void {
    this.#isOver = false;
  }
}

export const layout = new Layout();
