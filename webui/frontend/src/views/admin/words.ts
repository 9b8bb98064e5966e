import { ApiError } from "../../api/client";
import { wordsOf } from "../../lib/errors";

/** The parts of a text between `separator`s, without space around them and without empty ones. */
export const parts = (text: string, separator: string): string[] =>
  text
    .split(separator)
    .map((part) => part.trim())
    .filter(Boolean);

/** A moment (seconds since 1970) as one reads it in the page's language. */
export const moment = (seconds: number, language: string): string =>
  new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(seconds * 1000);

/** What is wrong with the one field that was sent. */
export const problemOf = (error: unknown): string =>
  error instanceof ApiError && error.problems.length ? error.problems.map(({ msg }) => msg).join(" ") : wordsOf(error);
