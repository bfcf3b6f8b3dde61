/** The reference pages of rooms are what their sources say. */
import { test } from "vitest";
import { roomPage } from "../../scripts/roomPages/page.ts";
import { expectUpToDate } from "./generatedPages.ts";

test("docs/reference/bilevel.md is up to date, and every option has a comment", () => {
  expectUpToDate(roomPage("bilevel"), "npm run docs");
});
