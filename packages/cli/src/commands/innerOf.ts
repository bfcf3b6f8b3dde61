/** The inner problem of an experiment: what `compare` and `diagnose` look at. */
import { type Key, random } from "unspool";
import type { Experiment, InnerProblem } from "unspool/train";
import { UsageError } from "../failure.ts";

export async function innerOf(
  experiment: Experiment,
  config: unknown,
  key: Key,
): Promise<{ theta: unknown; inner: InnerProblem }> {
  const { theta, inner } = await experiment.setup(config, random.foldIn(key, "setup"));
  if (inner !== undefined) return { theta, inner };
  throw new UsageError(
    "EXPERIMENT",
    `${experiment.name}: its setup does not say what its inner problem is. ` +
      "Return inner: innerProblem(problem, options) from setup, or export a problem with theta.",
    { experiment: experiment.name },
  );
}
