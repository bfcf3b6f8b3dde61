/** HTML by tagged template: whatever is put in is escaped unless it is markup itself. */

/** Finished markup. */
export interface Markup {
  readonly markup: string;
}

type Insert = Markup | string | number | null | undefined | false | readonly Insert[];

/** `` html`<p>${text}</p>` `` escapes `text`; markup and lists of markup go in as they are; null, undefined and false are nothing. */
export function html(parts: TemplateStringsArray, ...inserts: Insert[]): Markup {
  return { markup: parts.reduce((text, part, i) => text + render(inserts[i - 1]) + part) };
}

/** Marks a string as finished markup. Only for what was made here (drawn SVG, own styles). */
export function markup(text: string): Markup {
  return { markup: text };
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}

const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function render(insert: Insert): string {
  if (insert === null || insert === undefined || insert === false) return "";
  if (typeof insert === "string") return escapeHtml(insert);
  if (typeof insert === "number") return String(insert);
  if ("markup" in insert) return insert.markup;
  return insert.map(render).join("");
}
