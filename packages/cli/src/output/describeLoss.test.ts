import { expect, test } from "vitest";
import { describeLoss } from "./reporter.ts";

test.each([
  [false, "Lost: the evaluation under way, which resume begins again. All steps are kept."],
  [true, "Lost: the evaluation under way; resume goes on with what is measured of it."],
])("of an evaluation, measured in parts: %s, only what is kept is said to be", (hasMeasured, words) => {
  expect(describeLoss("evaluating", 0, "runs/a", false, hasMeasured)).toBe(words);
});
