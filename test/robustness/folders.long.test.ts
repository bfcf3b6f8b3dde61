/** Many damaged folders. */
import { expect, test } from "vitest";
import { damagedFolders } from "./folders.ts";

test.each([2, 3, 4])("500 random mutations of a run's files, seed %i", async (seed) => {
  expect(await damagedFolders(seed, 500)).toEqual([]);
});
