/** Pictures of people: small squares that are kept as data URLs. */

const SIDE = 192; // px; twice what is shown at most
const QUALITY = 0.85;

/** The largest square in the middle of a picture, and the side that it is drawn with; small ones stay small. */
export function squareOf(
  width: number,
  height: number,
  most = SIDE,
): { x: number; y: number; size: number; side: number } {
  const size = Math.min(width, height);
  return { x: (width - size) / 2, y: (height - size) / 2, size, side: Math.max(1, Math.min(most, Math.round(size))) };
}

/** The middle of a picture file as a data URL; null if the browser cannot read it as a picture. */
export async function asSquare(file: Blob): Promise<string | null> {
  const address = URL.createObjectURL(file);
  try {
    const picture = new Image();
    picture.src = address;
    await picture.decode();
    return draw(picture);
  } catch {
    return null;
  } finally {
    URL.revokeObjectURL(address);
  }
}

function draw(picture: HTMLImageElement): string | null {
  const { x, y, size, side } = squareOf(picture.naturalWidth, picture.naturalHeight);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  if (!context || !size) return null;
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, x, y, size, size, 0, 0, side, side);
  return canvas.toDataURL("image/webp", QUALITY); // PNG where a browser cannot write WebP
}

/** The first letters of the first and the last word of a name. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words;
  return ends.map((word) => [...(word ?? "")][0]?.toUpperCase()).join("");
}
