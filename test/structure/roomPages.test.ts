/** The reference pages of rooms are what their sources say. */
import { test } from "vitest";
import { roomPage, roomPageNames } from "../../scripts/roomPages/page.ts";
import { expectUpToDate } from "./generatedPages.ts";

test.each(roomPageNames)("docs/reference/%s.md is up to date, and every option has a comment", (name) => {
  expectUpToDate(roomPage(name), "npm run docs");
});
