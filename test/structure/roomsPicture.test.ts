/** docs/rooms.svg is what the imports say. */
import { test } from "vitest";
import { roomsPicture } from "../../scripts/roomsPicture/page.ts";
import { expectUpToDate } from "./generatedPages.ts";

test("the picture of the rooms is drawn from the imports of today", () => {
  expectUpToDate(roomsPicture(), "npm run docs:rooms");
});
