/**
 * README.md with its generated parts as they should be now. A part stands between `<!-- NAME -->` and `<!-- /NAME -->`,
 * within a line or around a block of lines; what stands outside is written by hand.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Page, root } from "../page.ts";
import { readmeParts } from "./parts.ts";

const path = "README.md";

export async function readmePage(): Promise<Page> {
  const text = readFileSync(join(root, path), "utf8");
  const { parts, lacks } = await readmeParts(text);
  const filled = fillParts(text, parts);
  return { path, text: filled.text, lacks: [...lacks, ...filled.lacks.map((lack) => `${path}: ${lack}`)] };
}

/** A text with the content of its parts in place. Lacks: parts without a place, and places that no part has. */
export function fillParts(
  text: string,
  parts: Readonly<Record<string, string>>,
): { text: string; lacks: string[] } {
  const found: string[] = [];
  const lacks: string[] = [];
  const filled = text.replace(
    /<!-- ([A-Za-z]+) -->(\n?)(.*?)<!-- \/\1 -->/gs,
    (whole, name: string, isBlock: string) => {
      const content = parts[name];
      if (content === undefined) {
        lacks.push(`no part is called "${name}". Known: ${Object.keys(parts).join(", ")}`);
        return whole;
      }
      found.push(name);
      // Around a block, empty lines: Markdown reads a table only if no HTML stands in the line before.
      const inner = isBlock === "" ? content : `\n\n${content}\n\n`;
      return `<!-- ${name} -->${inner}<!-- /${name} -->`;
    },
  );
  const missing = Object.keys(parts).filter((name) => !found.includes(name));
  lacks.push(...missing.map((name) => `the part "${name}" has no place: <!-- ${name} --><!-- /${name} -->`));
  return { text: filled, lacks };
}
