/** Where a key leads in a list of `count` options, of which `index` is the active one; null if it leads nowhere. */
export function moveIn(count: number, index: number, key: string): number | null {
  if (!count) return null;
  if (key === "ArrowDown") return (index + 1) % count;
  if (key === "ArrowUp") return (index - 1 + count) % count;
  return null;
}
