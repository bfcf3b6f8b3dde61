/** Method, or estimator and optimizer, of an experiment, with what their functions return checked at every call. */
import { type Key, Tensor, tree } from "../array/index.ts";
import { ExperimentError, OptionError, ShapeError, show } from "../errors.ts";
import {
  type AnyEstimator,
  type Method,
  type MethodStep,
  type StepMetrics,
  reservedMetrics,
} from "../methods/index.ts";
import type { LossObservation, Optimizer } from "../optimizers/index.ts";
import { isThenable } from "../unroll/index.ts";
import { encodeState, requireSavable } from "./stateCodec.ts";
import { called } from "./userCode.ts";

/** The loop only passes these from one call to the next; `Optimizer` is generic in theta. */
interface AnyOptimizer {
  init(theta: unknown): unknown;
  update(
    gradient: unknown,
    state: unknown,
    theta: unknown,
    observed?: LossObservation,
  ): { theta: unknown; state: unknown };
  evaluationTheta?(state: unknown, theta: unknown): unknown;
}

/** Throws `OptionError` unless `given` is a record with functions of these names. */
function requireFunctions(name: string, part: string, given: unknown, functions: readonly string[]): void {
  const record = (typeof given === "object" && given !== null ? given : {}) as Record<string, unknown>;
  const missing = functions.find((one) => typeof record[one] !== "function");
  if (missing === undefined) return;
  const hint =
    typeof given === "function"
      ? `Call it: ${part}: ${given.name || part}(…).`
      : `It has no function ${missing}.`;
  throw new OptionError(name, `${part} of its setup`, given, `{ ${functions.join(", ")} }`, hint);
}

export function checkedMethod<Theta>(name: string, given: Method<Theta>): Method<Theta> {
  requireFunctions(name, "method", given, ["recipe", "init", "step"]);
  const { several, evaluationTheta, registrationReport, requireState: requireOwn, lossNote } = given;
  const own = typeof given.name === "string" ? given.name : "method";
  const where = `${name}, method ${JSON.stringify(own)}`;
  return {
    name: own,
    ...(lossNote !== undefined && { lossNote: requireText(where, "lossNote", lossNote) }),
    ...(given.madeFor && { madeFor: given.madeFor }),
    recipe: (theta, state) =>
      called(where, "its recipe", "setup", () => requireRecipe(where, given.recipe(theta, state))),
    init: (theta, key) =>
      called(where, "its init", "setup", () => requireState(where, "init", given.init(theta, key))),
    step: (theta, state, key) =>
      called(where, "its step", "run", () => checkedStep(where, theta, given.step(theta, state, key))),
    ...(several !== undefined && {
      several: (...args: Parameters<typeof several>) =>
        called(where, "its several", "run", () => {
          const made = several.apply(given, args);
          if (made !== undefined) requireSavable(where, "the state that several returned", made.state);
          return made;
        }),
    }),
    ...(given.windows !== undefined && { windows: given.windows.bind(given) }),
    ...(registrationReport !== undefined && {
      registrationReport: (theta) =>
        called(where, "its registrationReport", "run", () => registrationReport.call(given, theta)),
    }),
    ...(evaluationTheta !== undefined && {
      evaluationTheta: (theta, state) =>
        called(where, "its evaluationTheta", "run", () => {
          const found = evaluationTheta.call(given, theta, state);
          return requireLikeTheta(where, "what evaluationTheta returned", theta, found);
        }),
    }),
    ...(requireOwn !== undefined && { requireState: requireOwn.bind(given) }),
  };
}

function requireText(where: string, part: string, given: unknown): string {
  if (typeof given === "string") return given;
  throw new OptionError(where, part, given, "a text");
}

function checkedStep<Theta>(where: string, theta: Theta, made: unknown): MethodStep<Theta, unknown> {
  requireValue(where, "step", made);
  const isRecord = typeof made === "object" && made !== null;
  if (!isRecord || !("theta" in made) || !("state" in made) || !("loss" in made) || !("metrics" in made)) {
    throw new ShapeError(where, `step must return { theta, state, loss, metrics }, got ${show(made)}.`);
  }
  const { theta: next, state, loss, metrics } = made as MethodStep<Theta, unknown>;
  requireSavable(where, "the state that step returned", state);
  return {
    theta: requireLikeTheta(where, "the theta of step", theta, next),
    state,
    loss: loss === null ? null : numberOf(where, "the loss of step", loss),
    metrics: checkedMetrics(where, "step", metrics),
  };
}

function requireRecipe<T>(where: string, recipe: T): T {
  requireValue(where, "recipe", recipe);
  const isRecord =
    typeof recipe === "object" && recipe !== null && !Array.isArray(recipe) && !Tensor.is(recipe);
  const must = "recipe must return a record of plain data (names and options)";
  if (!isRecord) throw new ShapeError(where, `${must}, got ${show(recipe)}.`);
  requireSavable(where, "the recipe", recipe, "recipe");
  const [tensor] = encodeState(recipe, "recipe").tensors;
  if (tensor === undefined) return recipe;
  const [path, value] = tensor;
  throw new ShapeError(
    where,
    `${must}, and "${path}" is a tensor, ${show(value)}. Write its numbers, Array.from(x.data), or leave it out: theta and states are in a run's record by their shapes already.`,
    { path },
  );
}

export function checkedEstimator<Theta>(name: string, given: AnyEstimator<Theta>): AnyEstimator<Theta> {
  requireFunctions(name, "estimator", given, ["init", "estimate"]);
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
  requireSavable(where, "the state that estimate returned", next);
  return {
    loss: numberOf(where, "the loss of estimate", loss),
    gradient: requireLikeTheta(where, "the gradient", theta, gradient),
    state: next,
    metrics: checkedMetrics(where, "estimate", metrics) as Estimate["metrics"],
  };
}

function checkedMetrics(where: string, call: string, given: unknown): StepMetrics {
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw new ShapeError(where, `the metrics of ${call} must be a record, got ${show(given)}.`);
  const { innerSteps, ...others } = given as Record<string, unknown>;
  const spent = numberOf(where, "metrics.innerSteps", innerSteps);
  if (!(spent >= 0) || spent === Infinity)
    throw new ShapeError(where, `metrics.innerSteps must be a count of inner steps, got ${show(spent)}.`);
  const taken = reservedMetrics.find((metric) => metric in others);
  if (taken !== undefined)
    throw new ShapeError(
      where,
      `a metric of ${call} must not be called ${show(taken)}: the record of a step has a field of that name. Give it another name.`,
    );
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

export function checkedOptimizer(name: string, given: Optimizer): Optimizer {
  requireFunctions(name, "optimizer", given, ["init", "update"]);
  const raw = given as AnyOptimizer & { name?: unknown };
  const own = typeof raw.name === "string" ? raw.name : "optimizer";
  const where = `${name}, optimizer ${JSON.stringify(own)}`;
  const { evaluationTheta } = raw;
  const checked: AnyOptimizer & { name: string } = {
    ...raw,
    name: own,
    init: (theta) => called(where, "its init", "setup", () => requireState(where, "init", raw.init(theta))),
    // Traced into a program: only what it returns is checked here, what it throws is told by the loop.
    update(gradient, state, theta, observed) {
      const made: unknown = raw.update(gradient, state, theta, observed);
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
  return checked as Optimizer;
}

function requireLikeTheta<T>(where: string, what: string, theta: unknown, given: T): T {
  const bare = bareNumbers("", theta, given);
  if (bare !== undefined) {
    const [path, value, tensor] = bare;
    const at = path === "" ? what : `${what} at "${path}"`;
    const dtype = tensor.dtype === "float32" ? "" : `, { dtype: "${tensor.dtype}" }`;
    throw new ShapeError(
      where,
      `${at} must be a tensor like theta's, ${show(tensor)}, got ${show(value)}. Write np.array(${show(value)}${dtype}), or compute it from theta by np.`,
      { path },
    );
  }
  tree.requireSame(where, what, theta, given);
  return given;
}

/** Where theta has a tensor and `given` has numbers, which only the theta of a setup may be written as. */
function bareNumbers(path: string, theta: unknown, given: unknown): [string, unknown, Tensor] | undefined {
  if (Tensor.is(theta)) {
    const isBare = typeof given === "number" || Array.isArray(given) || ArrayBuffer.isView(given);
    return isBare ? [path, given, theta] : undefined;
  }
  if (typeof theta !== "object" || theta === null || typeof given !== "object" || given === null)
    return undefined;
  for (const [name, node] of Object.entries(theta)) {
    const other = (given as Record<string, unknown>)[name];
    const found = bareNumbers(path === "" ? name : `${path}.${name}`, node, other);
    if (found !== undefined) return found;
  }
  return undefined;
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

/** State goes into checkpoints, so it is data. */
function requireState(where: string, what: string, state: unknown): unknown {
  requireValue(where, what, state);
  requireSavable(where, `the state that ${what} returned`, state);
  return state;
}
