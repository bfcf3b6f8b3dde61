/** Every field of an experiment with every hostile value. */
import { expect, test } from "vitest";
import { attacks, problemsOf } from "./hostileFiles.ts";

test("all fields with all hostile values", async () => {
  expect(await problemsOf(attacks)).toEqual([]);
});
