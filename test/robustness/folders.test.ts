/** Folders that were damaged or made by someone else: a typed error or the right result, and never a script in a page. */
import { expect, test } from "vitest";
import { damagedFolders } from "./folders.ts";

test("40 random mutations of a run's files", { tags: ["long"] }, async () => {
  expect(await damagedFolders(1, 40)).toEqual([]);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});
