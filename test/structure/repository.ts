/** What the structure tests read: the repository's files, and which modules a source file imports. */
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

export const root: string = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** What .gitignore leaves out. */
const ignored = new Set([".git", "node_modules", "dist", ".cache"]);

/** All files of the repository, as paths from its root with forward slashes. */
export function repositoryFiles(): string[] {
  const walk = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      if (ignored.has(entry.name) || entry.name.endsWith(".tsbuildinfo")) return [];
      const path = join(folder, entry.name);
      if (path === join(root, "runs")) return [];
      return entry.isDirectory() ? walk(path) : [relative(root, path).split(sep).join("/")];
    });
  return walk(root).toSorted();
}

export function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** Tests and what only tests use: `x.test.ts`, `testing.ts`, `testing/…`, `testExperiment.ts`. */
export function isTest(path: string): boolean {
  return /\.test\.tsx?$|\/testing(?:\/|\.ts$)|\/test[A-Z]\w*\.ts$/.test(path) || path.startsWith("test/");
}

/** TypeScript sources under a folder; without tests unless asked for. */
export function sources(folder: string, options: { withTests?: boolean } = {}): string[] {
  return repositoryFiles().filter(
    (path) =>
      path.startsWith(`${folder}/`) && /\.tsx?$/.test(path) && (options.withTests === true || !isTest(path)),
  );
}

/** Specifiers of all imports and re-exports of a file, also type-only ones and literal dynamic ones. */
export function importsOf(path: string): string[] {
  const info = ts.preProcessFile(read(path), true, true);
  return info.importedFiles.map(({ fileName }) => fileName);
}

/** Path from the root of what a relative import means. */
export function target(from: string, specifier: string): string {
  return relative(root, resolve(root, dirname(from), specifier))
    .split(sep)
    .join("/");
}

/** The package that a bare specifier names: `unspool` for `unspool/train`. */
export function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

export interface Manifest {
  name: string;
  scripts?: Record<string, string>;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

export function manifest(folder: string): Manifest {
  return JSON.parse(read(join(folder, "package.json"))) as Manifest;
}

/** Folders of the workspace's packages, and of the benchmark, which is private. */
export function packageFolders(): string[] {
  return repositoryFiles()
    .filter((path) => /^(?:packages\/[^/]+|bench)\/package\.json$/.test(path))
    .map((path) => dirname(path));
}
