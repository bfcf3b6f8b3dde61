/** `docs/engine.md` lists the primitives and the error bounds that the engine has. */
import { compiledPrimitives, primitiveKinds } from "unspool/engine";
import { expect, test } from "vitest";
import { mathTable, primitivesTable } from "./engineTables.ts";
import { read } from "./repository.ts";

/** The table of a section of the page. */
function tableOf(heading: string): string {
  const section = read("docs/engine.md").split(`## ${heading}\n`)[1]?.split(/^## /m)[0] ?? "";
  return section
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .join("\n");
}

test("the primitives are those that the engine compiles", () => {
  expect(tableOf("Primitives")).toBe(primitivesTable());
  for (const name of compiledPrimitives) expect(primitivesTable()).toContain(`\`${name}\``);
  expect(Object.keys(primitiveKinds).toSorted()).toEqual(compiledPrimitives);
});

test("the accuracies are the bounds that the tests of the math functions hold", () => {
  expect(tableOf("Accuracy")).toBe(mathTable());
});
