/** Something that is tried: whether it is under way or done, or why it failed, with the way to try it again. */
import { ApiError } from "../api/client";
import { wordsOf } from "./errors";

const PASSING = [0, 408, 425, 429]; // statuses that another try may not have, as those of the server's own troubles
export class Attempt {
  state = $state<"idle" | "busy" | "done" | "failed">("idle");
  problem = $state("");
  /** Whether the same may go well another time. */
  isWorthAnother = $state(true);
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
      this.isWorthAnother = !(error instanceof ApiError) || error.status >= 500 || PASSING.includes(error.status);
    }
    if (turn === this.#turn) {
      this.problem = problem;
      this.state = problem ? "failed" : "done";
    }
    return !problem;
  }

  /** It cannot be tried like this. */
  fail(problem: string): void {
    this.problem = problem;
    this.state = "failed";
  }

  async again(): Promise<void> {
    if (this.#work) await this.run(this.#work);
  }

  /** Forget how it ended: something else stands there now. */
  reset(): void {
    if (this.state !== "busy") this.state = "idle";
  }
}
