/** docs/array.md is what the namespaces hold. */
import { test } from "vitest";
import { arrayPage } from "../../scripts/arrayPage/page.ts";
import { expectUpToDate } from "./generatedPages.ts";

test("every function of the array room has its line, and docs/array.md is up to date", () => {
  expectUpToDate(arrayPage(), "npm run docs:array");
});
