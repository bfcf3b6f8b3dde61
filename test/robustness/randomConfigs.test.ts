/** Random settings of every experiment: right, or refused in words. */
import { expect, test } from "vitest";
import { badConfigs } from "./randomConfigs.ts";

test("300 random configs parse or are refused", async () => {
  expect(await badConfigs(1, 300, false)).toEqual([]);
});
