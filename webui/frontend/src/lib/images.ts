/** Pictures that are sent along: made smaller here, so that little travels, and without what a camera notes in them. */

export interface Size {
  width: number;
  height: number;
}

const QUALITY = 0.9; // of JPEG
const LARGEST_PNG = 2 * 1024 * 1024; // bytes; a larger one is a photo

/** A size with the same proportions that is within the bound; nothing gets larger. */
export function fitted({ width, height }: Size, bound: Size): Size {
  const scale = Math.min(1, bound.width / width, bound.height / height);
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** A picture within the bound as a data: URL. Throws if the file is none that the browser can read. */
export async function imageAddress(file: Blob, bound: Size): Promise<string> {
  const bitmap = await createImageBitmap(file);
  try {
    const size = fitted(bitmap, bound);
    const whole = file.type === "image/jpeg" ? null : await draw(bitmap, size, "image/png");
    const isSmall = whole && whole.size <= LARGEST_PNG;
    return await asAddress(isSmall ? whole : await draw(bitmap, size, "image/jpeg"));
  } finally {
    bitmap.close();
  }
}

async function draw(bitmap: ImageBitmap, { width, height }: Size, type: string): Promise<Blob> {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  if (!context) throw new Error("no canvas");
  if (type === "image/jpeg") {
    context.fillStyle = "white"; // it has no transparency
    context.fillRect(0, 0, width, height);
  }
  context.drawImage(bitmap, 0, 0, width, height);
  return new Promise((done, fail) =>
    canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("no picture"))), type, QUALITY),
  );
}

const asAddress = (blob: Blob): Promise<string> =>
  new Promise((done, fail) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result));
    reader.onerror = () => fail(reader.error ?? new Error("no picture"));
    reader.readAsDataURL(blob);
  });
