/** Reads doc comments: prose, equations, papers, defaults and costs, in the form that CONTRIBUTING.md asks for. */

/** What a module comment says. */
export interface ModuleComment {
  /** Paragraphs, without those that are equations, and without sentences that only point to another file. */
  prose: string[];
  /** Indented blocks, without their indentation. */
  equations: string[];
  /** Citations, each with a year. */
  papers: string[];
  /** Files named in backticks: their equations belong to it. */
  files: string[];
}

const indentation = 4;

/** The comment that a file begins with. */
export function moduleComment(text: string): ModuleComment {
  const body = /^\/\*\*(.*?)\*\//s.exec(text)?.[1] ?? "";
  const lines = body.split("\n").map((line) => line.replace(/^\s*\* ?/, "").trimEnd());
  const blocks = paragraphs(lines);
  const isEquation = (block: string[]): boolean => block.every((line) => indent(line) >= indentation);
  const prose = blocks.filter((block) => !isEquation(block)).map((block) => block.join(" ").trim());
  return {
    prose: prose
      .map((paragraph) =>
        sentences(paragraph)
          .filter((sentence) => !pointers.test(sentence))
          .join(" "),
      )
      .filter((paragraph) => paragraph !== ""),
    equations: blocks
      .filter(isEquation)
      .map((block) => block.map((line) => line.slice(indentation)).join("\n")),
    papers: papers(prose.join(" ")),
    files: [...prose.join(" ").matchAll(/`([\w/]+\.ts)`/g)].map(([, file]) => file!),
  };
}

const pointers = /`[\w/]+\.ts`/;

function indent(line: string): number {
  return line.length - line.trimStart().length;
}

/** Runs of lines between empty lines; a run also ends where indentation begins or ends. */
function paragraphs(lines: readonly string[]): string[][] {
  const found: string[][] = [];
  let before: "prose" | "equation" | undefined;
  for (const line of lines) {
    const kind = line === "" ? undefined : indent(line) >= indentation ? "equation" : "prose";
    if (kind !== undefined && kind === before) found.at(-1)!.push(line);
    else if (kind !== undefined) found.push([line]);
    before = kind;
  }
  return found;
}

/** Parentheses with a year: `(Kingma & Ba, ICLR 2015)`, or `Sutskever et al. (2013)`. */
function papers(prose: string): string[] {
  const name = String.raw`\p{Lu}[\p{L}'-]+`;
  const authors = new RegExp(`${name}(?:(?:, | & | and )${name})*(?: et al\\.)?$`, "u");
  return [...prose.matchAll(/\(([^()]*\b(?:19|20)\d\d\b[^()]*)\)/g)].map((match) => {
    const inside = match[1]!;
    if (!/^[\d, ]+$/.test(inside)) return inside;
    const outside = authors.exec(prose.slice(0, match.index).trimEnd());
    return outside === null ? inside : `${outside[0]} ${inside}`;
  });
}

/** Sentences of a paragraph. A full stop inside a number or an abbreviation ends none. */
export function sentences(text: string): string[] {
  return text
    .split(/(?<=[.!?])(?<!\b(?:al|e\.g|i\.e|cf|vs|eq|Eq)\.)\s+(?=[\p{Lu}"`(\d])/u)
    .filter((sentence) => sentence !== "");
}

/** A docstring without its sentence "Cost: …" (the last one, up to the end), and that sentence. */
export function splitCost(text: string): { purpose: string; cost: string | undefined } {
  const [, purpose = "", cost] = /^(.*?)(?:(?:^|\s)Cost: (.*))?$/s.exec(text.replace(/\s+/g, " ").trim())!;
  return { purpose, cost };
}

/** An option's comment: what it means, and the default with a remark on it. */
export function splitDefault(text: string): {
  meaning: string;
  value: string | undefined;
  remark: string | undefined;
} {
  const parts = sentences(text.replace(/\s+/g, " ").trim());
  const isDefault = (sentence: string): boolean => /^Default\b/.test(sentence);
  const said = parts.find(isDefault);
  const meaning = parts.filter((part) => part !== said).join(" ");
  if (said === undefined) return { meaning, value: undefined, remark: undefined };
  const [, isWords, rest] = /^Default(:?)\s+(.*?)\.?$/.exec(said)!;
  if (isWords === ":") return { meaning, value: undefined, remark: rest };
  const [, value, remark] = /^(\[[^\]]*\]|"[^"]*"|`[^`]*`|[^\s:;,(]+)[:;,]?\s*(.*)$/.exec(rest!)!;
  return { meaning, value, remark: remark === "" ? undefined : remark };
}
