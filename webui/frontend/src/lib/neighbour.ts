/** Where the focus goes when a row of a list vanishes: to the row behind it, before it, or else to the view. */
export function neighbour(row: HTMLElement): HTMLElement | null {
  const other = row.nextElementSibling ?? row.previousElementSibling;
  return other?.querySelector<HTMLElement>("button") ?? row.closest<HTMLElement>("main");
}
