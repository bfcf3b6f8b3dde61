/**
 * Text for a terminal, whoever wrote it: control characters, which could move the cursor, clear the screen or write
 * something else over a line, are shown and not obeyed. So are those that turn the direction of writing round.
 */
export function visible(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, (character) => {
    const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
    return `\\u${code}`;
  });
}
