/**
 * A fingerprint of an experiment's file and of the neighbours that it imports: a resumed run has the bits of one that
 * was never stopped only if they are the same.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Origin } from "unspool/train";

const importPattern = /(?:\bfrom|\bimport|\brequire\s*\(|\bimport\s*\()\s*["'](\.{1,2}\/[^"']+)["']/g;
const endings = [
  "",
  ".ts",
  ".mts",
  ".cts",
  ".tsx",
  ".js",
  ".mjs",
  ".cjs",
  ".jsx",
  ".json",
  "/index.ts",
  "/index.js",
];

/** `file`: `sha256:…` of its text and those of its relative imports. Undefined without a file. */
export async function fileOrigin(file: string | undefined): Promise<Origin | undefined> {
  if (file === undefined) return undefined;
  const texts = new Map<string, string>();
  const visit = async (path: string): Promise<boolean> => {
    if (texts.has(path)) return true;
    const text = await readFile(path, "utf8").catch(() => undefined);
    if (text === undefined) return false;
    texts.set(path, text);
    for (const [, specifier] of text.matchAll(importPattern)) {
      const base = resolve(dirname(path), specifier!);
      // TypeScript's habit of importing x.ts as x.js is met by trying both.
      for (const candidate of [
        ...endings.map((ending) => base + ending),
        base.replace(/\.([cm]?)js$/, ".$1ts"),
      ]) {
        if (await visit(candidate)) break;
      }
    }
    return true;
  };
  await visit(file);
  const hash = createHash("sha256");
  // Without paths: a file that was moved or renamed, with its neighbours, is the same.
  for (const text of texts.values()) hash.update(`${text}\0`);
  return { file: `sha256:${hash.digest("hex").slice(0, 16)}` };
}
