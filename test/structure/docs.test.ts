/**
 * The docs say what is true: their code runs, their links resolve, their examples do what they say. That all of their code
 * compiles is seen by `npm run typecheck`.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import {
  type CodeBlock,
  anchors,
  codeBlocks,
  markdownFiles,
  pagesWithCode,
  relativeLinks,
} from "./markdown.ts";
import { read, root } from "./repository.ts";

const scratch = join(root, ".cache", "docs");
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test("relative links resolve, also to headings", () => {
  const dead = markdownFiles().flatMap((file) =>
    relativeLinks(file)
      .filter((link) => {
        const [path, heading] = link.split("#") as [string, string | undefined];
        const target = path === "" ? file : join(dirname(file), path);
        if (!existsSync(join(root, target))) return true;
        return heading !== undefined && !anchors(target).includes(heading);
      })
      .map((link) => `${file} -> ${link}`),
  );
  expect(dead).toEqual([]);
});

test.each(pagesWithCode.filter((page) => page !== "docs/tutorial.md"))(
  "the first example of %s prints what it says",
  async (page) => {
    const [example] = codeBlocks(page);
    const lines: string[] = [];
    const log = vi.spyOn(console, "log").mockImplementation((...args) => void lines.push(args.join(" ")));
    try {
      await run(example!);
    } finally {
      log.mockRestore();
    }
    const said = /^```text\n(.*?)^```$/ms.exec(read(page))![1]!.trim();
    expect(lines.join("\n")).toBe(said);
  },
  120_000,
);

/** Runs a block as a module against the sources; relative imports mean what they mean at the block's own path. */
async function run({ code, path }: CodeBlock): Promise<unknown> {
  mkdirSync(scratch, { recursive: true });
  const file = join(scratch, `block-${Math.abs(hash(code))}.ts`);
  const here = path === undefined ? root : dirname(join(root, path));
  writeFileSync(
    file,
    code.replace(/from "(\.[^"]*)"/g, (_, to: string) => `from ${JSON.stringify(join(here, to))}`),
  );
  return import(/* @vite-ignore */ file);
}

function hash(text: string): number {
  let value = 7;
  for (const character of text) value = (Math.imul(value, 31) + character.charCodeAt(0)) | 0;
  return value;
}

test("the method in CONTRIBUTING is the file that is tested", () => {
  expect(read("CONTRIBUTING.md")).toContain(`\`\`\`ts\n${read("test/conformance/onePlusOne.ts")}\`\`\`\n`);
});
