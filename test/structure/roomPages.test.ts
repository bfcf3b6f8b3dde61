/** The reference pages of rooms are what their sources say. */
import { test } from "vitest";
import { roomPage } from "../../scripts/roomPages/page.ts";
import { expectUpToDate } from "./generatedPages.ts";

test.each(["bilevel", "subspace", "invariance", "search", "distributions", "inference", "quantum"] as const)(
  "docs/reference/%s.md is up to date, and every option has a comment",
  (room) => {
    expectUpToDate(roomPage(room), "npm run docs");
  },
);
