/** Reads Markdown as far as tests need it: code blocks, links, headings. */
import { read, repositoryFiles } from "./repository.ts";

export function markdownFiles(): string[] {
  return repositoryFiles().filter((path) => path.endsWith(".md"));
}

/** Pages whose TypeScript is compiled, and whose first example is run where it says what it prints. */
export const pagesWithCode: readonly string[] = [
  "README.md",
  "docs/tutorial.md",
  "docs/simulators.md",
  "docs/tune-a-controller.md",
  "docs/bilevel.md",
  "docs/subspaces.md",
  "docs/invariance.md",
  "docs/search.md",
  "docs/sweeps.md",
  "docs/environments.md",
  "docs/hybrid-spaces.md",
  "docs/design-and-control.md",
  "docs/learn-online.md",
  "docs/state-space-models.md",
  "docs/sample-a-density.md",
  "docs/thermal-states.md",
  "docs/second-order.md",
];

export interface CodeBlock {
  /** Where the code would stand, from its first line `// path/from/root.ts`; undefined for a script. */
  path: string | undefined;
  code: string;
}

/** The TypeScript blocks of a file. */
export function codeBlocks(file: string): CodeBlock[] {
  return [...read(file).matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => ({
    code: code!,
    path: /^\/\/ (\S+\.ts)\n/.exec(code!)?.[1],
  }));
}

/** Text without code: what links and headings are looked for in. */
export function prose(file: string): string {
  return read(file)
    .replace(/^```.*?^```$/gms, "")
    .replace(/`[^`\n]*`/g, "");
}

/** Targets of links and images that are not addresses on the web. */
export function relativeLinks(file: string): string[] {
  return [...prose(file).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => link!)
    .filter((link) => !/^[a-z]+:/.test(link));
}

/** Names that links to headings of a file may use, as GitHub makes them. */
export function anchors(file: string): string[] {
  return [
    ...read(file)
      .replace(/^```.*?^```$/gms, "")
      .matchAll(/^#+ (.+)$/gm),
  ].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
