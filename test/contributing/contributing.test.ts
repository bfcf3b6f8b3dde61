/**
 * CONTRIBUTING.md is true: its examples are applied to a copy of the tree, which then has to compile, to be clean, and to
 * pass what the page says to run. An example is added by writing it there, see `examples.ts`.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeCopy, removeCopy, run, writeIntoCopy } from "./copy.ts";
import { read } from "../structure/repository.ts";
import { applied, examples, inserted, ownProjects } from "./examples.ts";

const all = examples();
const texts = applied(all);

beforeAll(() => {
  makeCopy();
  writeIntoCopy(texts);
});
afterAll(removeCopy);

test("there is an example of everything that is added often", () => {
  expect(all.map(({ title }) => title)).toEqual(
    expect.arrayContaining([
      "Adding an estimator",
      "Adding an optimizer",
      "Adding a problem",
      "Adding an experiment",
    ]),
  );
  for (const { title, commands } of all) expect(commands, `${title} says what to run`).not.toEqual([]);
});

test("the tree with all examples compiles", async () => {
  // What was found the last time is kept beside the copy: only what changed is looked at.
  await run("tsc --noEmit --incremental --tsBuildInfoFile ../contributing.tsbuildinfo");
});

test("the examples are formatted and have no lint", async () => {
  const paths = [...texts.keys()].join(" ");
  await run(`prettier --check ${paths}`);
  await run(`oxlint --deny-warnings --no-ignore ${paths}`);
});

describe("what the page says to run passes", () => {
  const commands = new Map(all.flatMap(({ title, commands: lines }) => lines.map((line) => [line, title])));
  test.each([...commands].map(([line, title]) => [title, line]))("%s: %s", async (_title, line) => {
    const said = await run(line);
    // A name that no test has leaves all of them out, which vitest does not mind.
    if (line.includes("vitest")) expect(said).toMatch(/Tests .*\b[1-9]\d* passed/);
  });
});

describe("what is a project of one's own works there", () => {
  const own = ownProjects();

  test("there is one for methods", () => {
    expect(own.map(({ title }) => title)).toContain("Adding a method");
    for (const { title, commands } of own) expect(commands, `${title} says what to run`).not.toEqual([]);
  });

  test.each(own.map((example) => [example.title, example] as const))("%s", async (_title, example) => {
    const folder = "own";
    const config = {
      extends: "../tsconfig.json",
      compilerOptions: { isolatedDeclarations: false, declaration: false, customConditions: [] },
      include: ["."],
    };
    writeIntoCopy(
      new Map([
        ...example.files.map(({ path, code }) => [`${folder}/${path}`, code] as const),
        [`${folder}/onePlusOne.ts`, read("test/conformance/onePlusOne.ts")],
        [`${folder}/tsconfig.json`, JSON.stringify(config)],
        // Else the runner would take the tree's own configuration, with its projects.
        [`${folder}/vitest.config.ts`, "export default {};\n"],
      ]),
    );
    await run("npm run build");
    await run("tsc --noEmit", folder);
    for (const command of example.commands) {
      const said = await run(command, folder);
      if (command.includes("vitest")) expect(said).toMatch(/Tests .*\b[1-9]\d* passed/);
    }
  });
});

test("a line that is not found, or twice, is told with what to change", () => {
  const insertion = { path: "a.ts", side: "after", at: "two", code: "2.5\n" } as const;
  expect(inserted("one\ntwo\nthree\n", insertion)).toBe("one\ntwo\n2.5\nthree\n");
  expect(inserted("one\ntwo\n", { ...insertion, side: "before" })).toBe("one\n2.5\ntwo\n");
  // A whole line goes before parts of lines.
  expect(inserted("two, three\n  two\n", insertion)).toBe("two, three\n  two\n2.5\n");
  expect(() => inserted("one\n", insertion)).toThrow(/a\.ts.*must be one, got 0 that contain "two"/);
  expect(() => inserted("two, three\ntwo, one\n", insertion)).toThrow(/must be one, got 2/);
});
