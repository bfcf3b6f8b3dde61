/** docs/search.md is what registry and sources say. */
import { test } from "vitest";
import { searchPage } from "../../scripts/searchPage/page.ts";
import { expectUpToDate } from "./generatedPages.ts";

test("the table of searches is up to date", () => {
  expectUpToDate(searchPage(), "npm run docs");
});
