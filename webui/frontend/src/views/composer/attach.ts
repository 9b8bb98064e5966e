/** Files that somebody adds to a message. */
import { t } from "../../i18n/index.svelte";
import { imageAddress, type Size } from "../../lib/images";
import { fenced, textIn } from "../../lib/textFiles";
import type { Draft } from "../../state/drafts.svelte";
import { session } from "../../state/session.svelte";

const MAX_IMAGES = 8; // of one message, unless the server says so
const MAX_IMAGE = 32; // MB, before it is made smaller
const MAX_TEXT = 256; // KB
const EDGE = 2048; // pixels, unless the server says so

/** Put files into a draft, pictures beside its words and texts into them; returns what was wrong, in words. */
export async function attach(draft: Draft, files: readonly File[]): Promise<string[]> {
  const problems: string[] = [];
  for (const file of files) {
    const problem = file.type.startsWith("image/") ? await addImage(draft, file) : await addText(draft, file);
    if (problem) problems.push(problem);
  }
  return problems;
}

async function addImage(draft: Draft, file: File): Promise<string> {
  const { name } = file;
  const limit = session.config?.file?.max_count ?? MAX_IMAGES;
  if (draft.files.length >= limit) return t("composer.tooMany", { name, n: limit });
  if (file.size > MAX_IMAGE * 1024 * 1024) return t("composer.imageTooLarge", { name, size: MAX_IMAGE });
  try {
    const url = await imageAddress(file, bound());
    draft.files = [...draft.files, { type: "image", url, name }];
    return "";
  } catch {
    return t("composer.imageUnreadable", { name });
  }
}

async function addText(draft: Draft, file: File): Promise<string> {
  const { name } = file;
  const text = file.size <= MAX_TEXT * 1024 ? await textIn(file) : null;
  if (text !== null) {
    const before = draft.text && !draft.text.endsWith("\n") ? `${draft.text}\n` : draft.text;
    draft.text = before + fenced(name, text);
    return "";
  }
  const isText = /^text\/|json|xml|yaml|javascript/.test(file.type);
  return isText ? t("composer.textTooLarge", { name, size: MAX_TEXT }) : t("composer.noDocuments", { name });
}

function bound(): Size {
  const { width, height } = session.config?.file?.image_compression ?? {};
  return { width: width || EDGE, height: height || EDGE };
}
