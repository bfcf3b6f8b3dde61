/** What the suite says of a subject that it cannot make; that it holds for optimizers is in test/conformance. */
import { expect, test } from "vitest";
import { OptionError, requireKnownOptions } from "../errors.ts";
import { sgd } from "../optimizers/index.ts";
import { optimizerConformance } from "./optimizerConformance.ts";

const unlike = (options: object): ReturnType<typeof sgd> => {
  requireKnownOptions("unlike", options as { length?: number }, ["length"]);
  return sgd();
};

test("an optimizer without a learning rate is told which field of the subject says what it has", () => {
  const [check] = optimizerConformance({ name: "unlike", create: unlike });
  expect(check!.run).toThrow(OptionError);
  expect(check!.run).toThrow(
    /^optimizerConformance: hyperparameters must be stated for unlike, .*\{ learningRate: 0.05 \}.*"learningRate"/,
  );
});

test("what is wrong with hyperparameters that were stated is said by the optimizer", () => {
  const [check] = optimizerConformance({ name: "unlike", create: unlike, hyperparameters: { size: 1 } });
  expect(check!.run).toThrow(/^unlike: .*"size"/);
});
