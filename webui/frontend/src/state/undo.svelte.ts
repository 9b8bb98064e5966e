/** The last thing that was done and can be undone. It is offered until something else is done, or it is dismissed. */
import { wordsOf } from "../lib/errors";

class Undo {
  /** What was done, in words; empty if there is nothing to undo. */
  text = $state("");
  trouble = $state("");
  isBusy = $state(false);
  /** Grows with everything that is done or undone. */
  count = $state(0);
  #revert: (() => Promise<unknown>) | null = null;

  get isOffered(): boolean {
    return this.#revert !== null && this.text !== "";
  }

  /** Tell what was done; `trouble` is why it was not all that should be. Without `revert` there is no way back. */
  offer(text: string, revert: (() => Promise<unknown>) | null, trouble = ""): void {
    this.#revert = revert;
    this.text = text;
    this.trouble = trouble;
    this.count++;
  }

  /** Something did not work; there is nothing to undo. */
  fail(error: unknown): void {
    this.dismiss();
    this.trouble = wordsOf(error);
  }

  async run(): Promise<void> {
    const revert = this.#revert;
    if (!revert || this.isBusy) return;
    this.isBusy = true;
    this.trouble = "";
    try {
      await revert();
      this.count++;
      if (this.#revert === revert) this.dismiss();
    } catch (error) {
      this.trouble = wordsOf(error);
    }
    this.isBusy = false;
  }

  dismiss(): void {
    this.#revert = null;
    this.text = this.trouble = "";
  }
}

export const undo = new Undo();
