/** Random settings of every experiment, set up: right, or refused in words. */
import { expect, test } from "vitest";
import { badConfigs } from "./randomConfigs.ts";

test.each([2, 3, 4])("300 random configs are set up or refused, seed %i", async (seed) => {
  expect(await badConfigs(seed, 300, true)).toEqual([]);
});
