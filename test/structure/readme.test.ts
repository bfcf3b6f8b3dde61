/** The README's tables, names and counts are what the registries hold. */
import { estimators, optimizers } from "unspool";
import { experiments, studies } from "@unspool/experiments";
import { expect, test } from "vitest";
import { fillParts, readmePage } from "../../scripts/readme/page.ts";
import { expectUpToDate } from "./generatedPages.ts";

test("the README is up to date, and names all that is registered", async () => {
  const page = await readmePage();
  expectUpToDate(page, "npm run docs:readme");
  // Rows of the tables: | `name` | …, with the number of the system in front for experiments, and the links of the
  // optimizers' table.
  const unnamed = [
    ...estimators.filter(({ name }) => !page.text.includes(`\n| \`${name}\` | `)),
    ...[...experiments, ...studies].filter(({ name }) => !page.text.includes(` | \`${name}\` | `)),
    ...optimizers.filter(({ name }) => !page.text.includes(`[\`${name}\`](docs/optimizers.md#`)),
  ];
  expect(unnamed.map(({ name }) => name)).toEqual([]);
});

test("parts stand between their marks, in a line or around a block; the rest is left alone", () => {
  const text =
    "There are <!-- count -->old<!-- /count -->.\n<!-- rows -->\nold\n<!-- /rows -->\n<!-- a remark -->\n";
  expect(fillParts(text, { count: "3", rows: "| a |\n| b |" })).toEqual({
    text: "There are <!-- count -->3<!-- /count -->.\n<!-- rows -->\n\n| a |\n| b |\n\n<!-- /rows -->\n<!-- a remark -->\n",
    lacks: [],
  });
});

test("a part without a place and a place without a part are told", () => {
  const { text, lacks } = fillParts("<!-- count -->1<!-- /count -->\n", { rows: "| a |" });
  expect(text).toBe("<!-- count -->1<!-- /count -->\n");
  expect(lacks).toEqual([
    'no part is called "count". Known: rows',
    'the part "rows" has no place: <!-- rows --><!-- /rows -->',
  ]);
});
