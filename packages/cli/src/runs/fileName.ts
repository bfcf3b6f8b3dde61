/**
 * The name of an experiment as a part of a file's name. Experiments are named by whoever wrote their file; a folder
 * must not leave `runs/`, and must be one that every system can hold.
 */

/** Longer names are cut: with a date behind them they stay below the 255 bytes that file systems allow. */
const longest = 80;

/** Letters, digits and `._-` as they are, every other run of characters as one `-`. Never empty, never `..`. */
export function fileName(name: string): string {
  const plain = [...name.normalize("NFC").replace(/[^\p{L}\p{N}._-]+/gu, "-")];
  let text = "";
  for (const character of plain) {
    if (Buffer.byteLength(text + character) > longest) break;
    text += character;
  }
  // Dots in front hide a folder, a dash is taken for an option, and Windows drops dots at the end.
  const trimmed = text.replace(/^[.-]+|[.-]+$/g, "");
  return trimmed === "" ? "experiment" : trimmed;
}
