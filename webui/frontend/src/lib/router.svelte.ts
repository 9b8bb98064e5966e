/** The address names what is shown: `#/` a new chat, `#/c/<id>` a chat, `#/settings/<tab>`. It is a fragment, so that
 * files stay relative and the page works below any path. */
let path = $state(read());
addEventListener("hashchange", () => (path = read()));

function read(): string {
  return location.hash.slice(1) || "/";
}

export const route = {
  /** The path and what follows `?`, such as `/c/<id>?message=<id>`. */
  get path(): string {
    return path;
  },
  /** The parts of the path: `["c", id]`. */
  get parts(): string[] {
    return (path.split("?")[0] ?? "").split("/").filter(Boolean).map(decodeURIComponent);
  },
  get query(): URLSearchParams {
    return new URLSearchParams(path.split("?")[1] ?? "");
  },
};

/** The address of a chat, and of a message in it. */
export const chatAddress = (id: string, messageId?: string): string =>
  `#/c/${encodeURIComponent(id)}${messageId ? `?message=${encodeURIComponent(messageId)}` : ""}`;

/** Go to an address (`#/…`); `replace` leaves no entry of where one was. */
export function go(address: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, "", address);
  else if (location.hash !== address) history.pushState(null, "", address);
  path = read();
}
