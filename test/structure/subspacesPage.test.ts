/** docs/subspaces.md has the methods of the registries, and the options and costs of the sources. */
import { test } from "vitest";
import { subspacesPage } from "../../scripts/subspacesPage/page.ts";
import { expectUpToDate } from "./generatedPages.ts";

test("every method, streaming rule and option is in docs/subspaces.md, as its source says", () => {
  expectUpToDate(subspacesPage(), "npm run docs:subspaces");
});
