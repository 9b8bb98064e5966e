/** Something that is tried: whether it is under way or done, or why it failed, with the way to try it again. */
import { wordsOf } from "./errors";
export class Attempt {
  state = $state<"idle" | "busy" | "done" | "failed">("idle");
  problem = $state("");
  #work: (() => Promise<unknown>) | null = null;
  #turn = 0;

  /** Try; whether it succeeded. A later try takes the place of one that is under way. */
  async run(work: () => Promise<unknown>): Promise<boolean> {
    const turn = ++this.#turn;
    this.#work = work;
    this.state = "busy";
    let problem = "";
    try {
      await work();
    } catch (error) {
      problem = wordsOf(error);
    }
    if (turn === this.#turn) {
      this.problem = problem;
      this.state = problem ? "failed" : "done";
    }
    return !problem;
  }

  async again(): Promise<void> {
    if (this.#work) await this.run(this.#work);
  }

  /** Forget how it ended: something else stands there now. */
  reset(): void {
    if (this.state !== "busy") this.state = "idle";
  }
}
