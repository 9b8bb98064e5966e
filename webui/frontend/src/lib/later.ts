/** A function that runs once nothing has called it for some ms, with what it was called with last. */
export function later<Values extends unknown[]>(
  run: (...values: Values) => unknown,
  pause = 600,
): (...values: Values) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...values), pause);
  };
}
