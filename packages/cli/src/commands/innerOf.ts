/** The inner problem of an experiment: what `compare` and `diagnose` look at. */
import { type Key, random } from "unspool";
import { type Experiment, type InnerProblem, type Setup, setUp } from "unspool/train";
import { UsageError } from "../failure.ts";

/** The setup of an experiment that says what its inner problem is; `UsageError` for one that does not. */
export async function setupWithInner(
  experiment: Experiment,
  config: unknown,
  key: Key,
): Promise<Setup & { inner: InnerProblem }> {
  const setup = await setUp(experiment, config, random.foldIn(key, "setup"));
  const { inner } = setup;
  if (inner !== undefined) return { ...setup, inner };
  throw new UsageError(
    "EXPERIMENT",
    `${experiment.name}: its setup does not say what its inner problem is. ` +
      "Make its estimator of one problem (pes(problem, options)), return inner: innerProblem(problem, options) from setup, " +
      "or export a problem with theta.",
    { experiment: experiment.name },
  );
}
