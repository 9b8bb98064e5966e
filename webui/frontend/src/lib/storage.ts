/** What this browser remembers. One that forbids it remembers nothing, which is no failure. */

export function remembered(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // forbidden, or full
  }
}
