/** Addresses that a model has written: which may be followed, and which shown as a picture. */
const SCHEMES = new Set(["http:", "https:", "mailto:"]);
const PICTURE = /^data:image\/(?:png|jpeg|gif|webp);base64,[\w+/=]+$/;
// Files of this server alone: other addresses of its API do something, such as signing out.
const FILE = /^\/?(api\/v1\/files\/[\w-]+\/content(?:\/[\w-][\w.-]*)?)$/;

/** The address when it is complete and one of the web or of mail, else null. */
export function linkAddress(text: string): string | null {
  const url = parse(text);
  return url && SCHEMES.has(url.protocol) ? url.href : null;
}

/** The address when showing it asks no other server, else null. */
export function pictureAddress(text: string): string | null {
  return PICTURE.test(text) ? text : (FILE.exec(text)?.[1] ?? null);
}

function parse(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
