/** Whatever a file exports, its mistakes are told as such: typed, without a stack, with nothing left behind. */
import { expect, test } from "vitest";
import { attacks, problemsOf } from "./hostileFiles.ts";

test("a part of all fields with hostile values", async () => {
  // A stride that shares no factor with the number of values meets every field and every value.
  const some = attacks.filter((_, i) => i % 23 === 0);
  expect(some.length).toBeGreaterThan(80);
  expect(await problemsOf(some)).toEqual([]);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});
