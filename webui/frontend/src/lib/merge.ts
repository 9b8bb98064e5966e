type Values = Record<string, unknown>;

const isRecord = (value: unknown): value is Values =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What is stored with some changes: records are merged at any depth, and what becomes undefined is left out. */
export function merge(stored: Values, changes: Values): Values {
  const merged = { ...stored };
  for (const [name, value] of Object.entries(changes)) {
    const before = merged[name];
    if (value === undefined) delete merged[name];
    else merged[name] = isRecord(value) ? merge(isRecord(before) ? before : {}, value) : value;
  }
  return merged;
}

/** Changes, and later ones on top of them; in contrast to `merge`, what is to be left out is remembered. */
export function addChanges(changes: Values, later: Values): Values {
  const all = { ...changes };
  for (const [name, value] of Object.entries(later)) {
    const before = all[name];
    all[name] = isRecord(value) && isRecord(before) ? addChanges(before, value) : value;
  }
  return all;
}
