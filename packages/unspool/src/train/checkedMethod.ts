/** Estimator and optimizer of an experiment, with what their functions return checked at every call. */
import { type Key, Tensor, tree } from "../array/index.ts";
import { ExperimentError, OptionError, ShapeError, show } from "../errors.ts";
import type { Optimizer } from "../optimizers/index.ts";
import { isThenable } from "../unroll/index.ts";
import type { AnyEstimator, Setup } from "./experiment.ts";
import { encodeState } from "./stateCodec.ts";
import type { AnyOptimizer } from "./trainState.ts";
import { called } from "./userCode.ts";

/** Throws `OptionError` unless `given` is a record with functions of these names. */
function requireMethod(name: string, part: string, given: unknown, functions: readonly string[]): void {
  const record = (typeof given === "object" && given !== null ? given : {}) as Record<string, unknown>;
  const missing = functions.find((one) => typeof record[one] !== "function");
  if (missing === undefined) return;
  const hint =
    typeof given === "function"
      ? `Call it: ${part}: ${given.name || part}(…).`
      : `It has no function ${missing}.`;
  throw new OptionError(name, `${part} of its setup`, given, `{ ${functions.join(", ")} }`, hint);
}

export function checkedEstimator<Theta>(name: string, given: AnyEstimator<Theta>): AnyEstimator<Theta> {
  requireMethod(name, "estimator", given, ["init", "estimate"]);
  const { recurrence, evaluationTheta, recurrenceAt } = given;
  const own = typeof given.name === "string" ? given.name : "estimator";
  const where = `${name}, estimator ${JSON.stringify(own)}`;
  return {
    ...given,
    name: own,
    init: (theta, key) =>
      called(where, "its init", "setup", () => requireState(where, "init", given.init(theta, key))),
    estimate: (theta, state, key) =>
      called(where, "its estimate", "run", () => checkedEstimate(where, given, theta, state, key)),
    ...(evaluationTheta !== undefined && {
      evaluationTheta: (state, theta) =>
        called(where, "its evaluationTheta", "run", () => {
          const found = evaluationTheta.call(given, state, theta);
          return requireLikeTheta(where, "what evaluationTheta returned", theta, found);
        }),
    }),
    ...(recurrence !== undefined && { recurrence }),
    ...(recurrenceAt !== undefined && {
      recurrenceAt: (state) =>
        called(where, "its recurrenceAt", "run", () => recurrenceAt.call(given, state)),
    }),
  };
}

type Estimate = ReturnType<AnyEstimator["estimate"]>;

function checkedEstimate<Theta>(
  where: string,
  estimator: AnyEstimator<Theta>,
  theta: Theta,
  state: unknown,
  key: Key,
): Estimate {
  const made: unknown = estimator.estimate(theta, state, key);
  requireValue(where, "estimate", made);
  const isRecord = typeof made === "object" && made !== null;
  if (!isRecord || !("loss" in made) || !("gradient" in made) || !("state" in made) || !("metrics" in made)) {
    throw new ShapeError(
      where,
      `estimate must return { loss, gradient, state, metrics }, got ${show(made)}.`,
    );
  }
  const { loss, gradient, state: next, metrics } = made as Estimate;
  return {
    loss: numberOf(where, "the loss of estimate", loss),
    gradient: requireLikeTheta(where, "the gradient", theta, gradient),
    state: next,
    metrics: checkedMetrics(where, metrics),
  };
}

function checkedMetrics(where: string, given: unknown): Estimate["metrics"] {
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw new ShapeError(where, `the metrics of estimate must be a record, got ${show(given)}.`);
  const { innerSteps, ...others } = given as Record<string, unknown>;
  const spent = numberOf(where, "metrics.innerSteps", innerSteps);
  if (!(spent >= 0) || spent === Infinity)
    throw new ShapeError(where, `metrics.innerSteps must be a count of inner steps, got ${show(spent)}.`);
  const known = Object.entries(others).filter(([, value]) => value !== undefined);
  const rest = known.map(([metric, value]) => [metric, numberOf(where, `metrics.${metric}`, value)]);
  return { innerSteps: spent, ...(Object.fromEntries(rest) as Record<string, number>) };
}

/** A number, or a tensor that holds one. */
function numberOf(where: string, what: string, value: unknown): number {
  if (typeof value === "number") return value;
  if (Tensor.is(value) && value.size === 1) return Number(value.data[0]);
  throw new ShapeError(where, `${what} must be a number, got ${show(value)}.`);
}

export function checkedOptimizer(name: string, given: Setup["optimizer"]): Optimizer {
  requireMethod(name, "optimizer", given, ["init", "update"]);
  const raw = given as unknown as AnyOptimizer & { name?: unknown };
  const own = typeof raw.name === "string" ? raw.name : "optimizer";
  const where = `${name}, optimizer ${JSON.stringify(own)}`;
  const { evaluationTheta } = raw;
  const checked: AnyOptimizer & { name: string } = {
    ...raw,
    name: own,
    init: (theta) => called(where, "its init", "setup", () => requireState(where, "init", raw.init(theta))),
    // Traced into a program: only what it returns is checked here, what it throws is told by the loop.
    update(gradient, state, theta) {
      const made: unknown = raw.update(gradient, state, theta);
      requireValue(where, "update", made);
      if (typeof made !== "object" || made === null || !("theta" in made) || !("state" in made))
        throw new ShapeError(where, `update must return { theta, state }, got ${show(made)}.`);
      const next = requireLikeTheta(where, "the theta of update", theta, made.theta);
      return { theta: next, state: made.state };
    },
    ...(evaluationTheta !== undefined && {
      evaluationTheta: (state, theta) =>
        called(where, "its evaluationTheta", "run", () => {
          const found = evaluationTheta.call(raw, state, theta);
          return requireLikeTheta(where, "what evaluationTheta returned", theta, found);
        }),
    }),
  };
  return checked as unknown as Optimizer;
}

function requireLikeTheta<T>(where: string, what: string, theta: unknown, given: T): T {
  tree.requireSame(where, what, theta, given);
  return given;
}

function requireValue(where: string, what: string, given: unknown): void {
  if (!isThenable(given)) return;
  void Promise.resolve(given).catch(() => {});
  throw new ExperimentError(
    where,
    `${what} is async: it returned a promise. It must return values at once. Load data in setup, which may be async.`,
    { during: "run" },
  );
}

/** State goes into checkpoints, so it is data; later ones are checked when they are written. */
function requireState(where: string, what: string, state: unknown): unknown {
  requireValue(where, what, state);
  encodeState(state, `the state of ${what}`);
  return state;
}
