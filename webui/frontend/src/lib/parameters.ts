/** The parameters of OpenAI's API that somebody may set, and the bounds that all known servers accept. */

export interface Parameter {
  name: "temperature" | "top_p" | "max_tokens" | "seed" | "frequency_penalty" | "presence_penalty";
  least: number;
  most: number;
  isWhole?: boolean;
}

export const PARAMETERS: readonly Parameter[] = [
  { name: "temperature", least: 0, most: 2 },
  { name: "top_p", least: 0, most: 1 },
  { name: "max_tokens", least: 1, most: 10_000_000, isWhole: true },
  { name: "seed", least: 0, most: 2 ** 31 - 1, isWhole: true },
  { name: "frequency_penalty", least: -2, most: 2 },
  { name: "presence_penalty", least: -2, most: 2 },
];

/** Whether a parameter may have this value. */
export const isWithin = ({ least, most, isWhole }: Parameter, value: number): boolean =>
  value >= least && value <= most && (!isWhole || Number.isInteger(value));
