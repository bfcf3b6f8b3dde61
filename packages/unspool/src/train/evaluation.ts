/** What comes after the last outer step: the experiment's own evaluation and figures, as plain data, kept. */
import { tree } from "../array/index.ts";
import { UnspoolError } from "../errors.ts";
import type { Evaluation, RunRecord, Setup } from "./experiment.ts";
import type { Figure } from "./figure.ts";
import type { Measurements } from "./measurements.ts";
import type { TrainResult } from "./runLoop.ts";
import { registrationFigure } from "./registrationFigure.ts";
import { type RunStore, StoreError, resumeLineOf } from "./store.ts";
import { describeThrown, isInstance } from "./userCode.ts";

export interface Results {
  evaluation: Evaluation | undefined;
  figures: readonly Figure[];
}

/** The steps of a run are done and kept, and its evaluation or a figure of it failed. `cause` is what was thrown. */
export class EvaluationError extends UnspoolError {
  /** The run without evaluation and figures: its theta is the trained one. */
  readonly result: TrainResult;
  constructor(result: TrainResult, store: RunStore | undefined, cause: unknown) {
    const again =
      store === undefined
        ? "The trained theta is in the error's `result`."
        : `They are kept: ${resumeLineOf(store)} evaluates them again.`;
    const { experiment, step } = result;
    super(
      "EVALUATION",
      `evaluate of "${experiment}": it failed after all ${step} outer steps were done. ${again} ${describeThrown(cause).text}`,
      {
        ...{ where: "evaluate", experiment, step },
        ...(store !== undefined && { resume: resumeLineOf(store) }),
      },
    );
    this.result = result;
    this.cause = cause;
  }
}

/** Evaluates a run, draws its figures, and keeps both. Undefined where that was stopped on the way. */
export async function evaluateRun(
  setup: Setup,
  run: Omit<RunRecord, "evaluation">,
  store: RunStore | undefined,
  measurements: Measurements,
): Promise<Results | undefined> {
  try {
    const made = await resultsOf(setup, run, measurements);
    // Whoever catches what `measure` throws has made something else.
    if (measurements.isStopped()) return undefined;
    await measurements.keep();
    if (made.evaluation !== undefined) await store?.writeArtifact("evaluation", made.evaluation);
    await store?.writeArtifact("figures", made.figures);
    return made;
  } catch (error) {
    if (measurements.isStopped() && !isStoreFailure(error)) return undefined;
    throw error;
  }
}

async function resultsOf(
  setup: Setup,
  run: Omit<RunRecord, "evaluation">,
  { measureIn, requireAwaited, isStopped }: Measurements,
): Promise<Results> {
  const awaited = async <T>(where: "evaluate" | "figures", made: () => T | PromiseLike<T>): Promise<T> => {
    let result: T;
    try {
      result = await made();
    } catch (error) {
      // What fails because numbers are not there yet is told by that.
      if (!isStopped()) requireAwaited(where, { cause: error });
      throw error;
    }
    if (!isStopped()) requireAwaited(where);
    return result;
  };
  const steps = run.metrics.at(-1)?.step ?? 0;
  // Its own records: what it writes into theta reaches nobody else.
  const [theta, initialTheta] = [tree.copy(run.theta), tree.copy(run.initialTheta)];
  const evaluation = await awaited("evaluate", () =>
    setup.evaluate?.(theta, initialTheta, steps, measureIn("evaluate")),
  );
  const figures = await awaited("figures", () =>
    setup.figures?.({ ...run, evaluation }, measureIn("figures")),
  );
  return { evaluation, figures: withRegistration(setup, theta, figures ?? []) };
}

/** With the figure of what the method makes of theta's parameters, unless the experiment has one of its own. */
function withRegistration({ method }: Setup, theta: unknown, figures: readonly Figure[]): readonly Figure[] {
  if (method?.registrationReport === undefined) return figures;
  const own = registrationFigure(method.registrationReport(theta));
  return figures.some(({ id }) => id === own.id) ? figures : [...figures, own];
}

/** True for failures that are not the experiment's. */
export const isStoreFailure = (error: unknown): boolean => isInstance(error, StoreError);
