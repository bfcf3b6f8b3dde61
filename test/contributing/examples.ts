/**
 * The examples of CONTRIBUTING.md that say where they belong. The first line of a block of TypeScript does:
 *
 *     // packages/unspool/src/estimators/es/spsa.ts                              a new file
 *     // packages/unspool/src/estimators/index.ts, after: export { rtrl }        lines for a file that exists; or before
 *
 * The second kind may stand several times in a block. Its text is a whole line of the file, or is found in exactly one.
 * Blocks of sh in the same section are what one runs then. A new file without a folder (`// bowl.ts`) is one of a project
 * of one's own, and so are the lines of shell of its section.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { read, root } from "../structure/repository.ts";

export interface Example {
  /** Of the section. */
  title: string;
  files: { path: string; code: string }[];
  insertions: Insertion[];
  /** Lines of shell. */
  commands: string[];
}

export interface Insertion {
  path: string;
  side: "after" | "before";
  /** Where: a line, or a part of one. */
  at: string;
  code: string;
}

const page = "CONTRIBUTING.md";

/** The sections whose example belongs into this tree, in the page's order. */
export function examples(text: string = read(page)): Example[] {
  return sections(text).filter((example) => !isOwn(example));
}

/** The sections whose example is a project of one's own. */
export function ownProjects(text: string = read(page)): Example[] {
  return sections(text).filter(isOwn);
}

function sections(text: string): Example[] {
  return text
    .split(/^## /m)
    .slice(1)
    .map(exampleOf)
    .filter(({ files }) => files.length > 0);
}

function isOwn({ files }: Example): boolean {
  return files.every(({ path }) => !path.includes("/"));
}

function exampleOf(section: string): Example {
  const example: Example = { title: section.split("\n")[0]!, files: [], insertions: [], commands: [] };
  for (const [, language, code] of section.matchAll(/^```(ts|sh)\n(.*?)^```$/gms)) {
    if (language === "sh") example.commands.push(...code!.trim().split("\n"));
    else place(example, code!);
  }
  return example;
}

const insertionLine = /^\/\/ (\S+), (after|before): (.+)\n/gm;

function place({ files, insertions }: Example, code: string): void {
  const file = /^\/\/ (\S+\.tsx?)\n/.exec(code);
  if (file !== null) files.push({ path: file[1]!, code: code.slice(file[0].length) });
  else {
    const pieces = [...code.matchAll(insertionLine)];
    for (const [i, piece] of pieces.entries()) {
      const [line, path, side, at] = piece as unknown as [string, string, Insertion["side"], string];
      const end = pieces[i + 1]?.index ?? code.length;
      insertions.push({ path, side, at, code: code.slice(piece.index + line.length, end) });
    }
  }
}

/** What the files that examples make or touch are with all of them, by path from the root. */
export function applied(all: readonly Example[]): Map<string, string> {
  const texts = new Map<string, string>();
  for (const { title, files, insertions } of all) {
    for (const { path, code } of files) {
      if (texts.has(path) || existsSync(join(root, path)))
        throw new Error(`${page}, ${title}: a new file must be new, got ${path}. Choose another name.`);
      texts.set(path, code);
    }
    for (const insertion of insertions) {
      const { path } = insertion;
      texts.set(path, inserted(texts.get(path) ?? read(path), insertion));
    }
  }
  return texts;
}

/** The text of a file with an insertion in its place. Throws where its line is not found, or more than one. */
export function inserted(text: string, { path, side, at, code }: Insertion): string {
  const lines = text.split("\n");
  const found = (isIt: (line: string) => boolean) => lines.flatMap((line, i) => (isIt(line) ? [i] : []));
  const whole = found((line) => line.trim() === at);
  const places = whole.length === 1 ? whole : found((line) => line.includes(at));
  if (places.length !== 1) {
    throw new Error(
      `${page}: the line of ${path} to insert at must be one, got ${places.length} that contain "${at}". Change "// ${path}, ${side}: …" in the example.`,
    );
  }
  const place = places[0]! + (side === "after" ? 1 : 0);
  return [...lines.slice(0, place), code.replace(/\n$/, ""), ...lines.slice(place)].join("\n");
}
