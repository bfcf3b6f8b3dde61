/** docs/array.md is what the namespaces hold. */
import { expect, test } from "vitest";
import { arrayPage, pagePath } from "../../scripts/arrayPage/page.ts";
import { read } from "./repository.ts";

test("every function of the array room has its line, and docs/array.md is up to date", () => {
  const { text, lacks } = arrayPage();
  expect(lacks, "write a sentence over each of these functions").toEqual([]);
  expect(read(pagePath) === text, `${pagePath} is out of date: run \`npm run docs:array\``).toBe(true);
});
