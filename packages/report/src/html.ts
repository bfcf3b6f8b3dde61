/** HTML by tagged template: whatever is put in is escaped unless it is markup that was made here. */

/** Not a name, so that no data can carry it: JSON has no symbols. */
const brand: unique symbol = Symbol("markup");

/** Finished markup. */
export interface Markup {
  readonly [brand]: string;
}

type Insert = Markup | string | number | null | undefined | false | readonly Insert[];

/** `` html`<p>${text}</p>` `` escapes `text`; markup and lists of markup go in as they are; null, undefined and false are nothing. */
export function html(parts: TemplateStringsArray, ...inserts: Insert[]): Markup {
  return { [brand]: parts.reduce((text, part, i) => text + render(inserts[i - 1]) + part) };
}

/** Marks a string as finished markup. Only for what was made here (drawn SVG, own styles). */
export function markup(text: string): Markup {
  return { [brand]: text };
}

/** The text of a finished page. */
export function markupText(finished: Markup): string {
  return finished[brand];
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

/** Pages show what stands in files, which types cannot vouch for: whatever is no markup becomes escaped text. */
function render(insert: unknown): string {
  if (insert === null || insert === undefined || insert === false) return "";
  if (typeof insert !== "object") return escapeHtml(String(insert));
  if (Array.isArray(insert)) return insert.map(render).join("");
  if (Object.hasOwn(insert, brand)) return (insert as Markup)[brand];
  return escapeHtml(JSON.stringify(insert) ?? "");
}
