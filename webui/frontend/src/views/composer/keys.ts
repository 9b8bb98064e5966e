/** Whether a key sends the message: Enter does and breaks the line with Shift, or it is Ctrl or ⌘ with Enter that sends. */
export function sends(
  event: Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey">,
  withControl: boolean,
): boolean {
  if (event.key !== "Enter" || event.shiftKey || event.altKey) return false;
  return withControl ? event.ctrlKey || event.metaKey : true;
}
