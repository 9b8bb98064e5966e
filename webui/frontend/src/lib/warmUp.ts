/** What takes long the first time alone, done while nobody waits: compiling the expressions of the Markdown lexer, and
 * the browser's reading of its tables of time zones. */
import { knownValues } from "./promptVariables";
import { lex } from "./prose/lexer";

const SAMPLE = "# a\n\n- **b** `c` [d](e)\n\n> f\n\n| g |\n| - |\n| h |\n\n```i\nj\n```\n";

export function warmUp(): void {
  lex(SAMPLE);
  knownValues(null);
}
