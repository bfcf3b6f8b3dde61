/**
 * An experiment set up, and everything checked that its code gave back: theta, method, steps. The
 * functions of the setup are checked where they are called, so that a wrong value is named where it comes in.
 */
import { type Key, tree } from "../array/index.ts";
import { ExperimentError, OptionError, ShapeError, nearest, requireInteger, show } from "../errors.ts";
import { isThenable } from "../unroll/index.ts";
import { checkedEstimator, checkedMethod, checkedOptimizer } from "./checkedMethod.ts";
import { checkedEvaluation, checkedFigures } from "./checkedResults.ts";
import {
  type DescentParts,
  type Experiment,
  type InnerProblem,
  type LearnedSubject,
  type MethodPart,
  type Setup,
  innerOf,
} from "./experiment.ts";
import { called, calledAsync } from "./userCode.ts";

/** The setup of `experiment` for a parsed config. Every error is one of ours and says which part is wrong. */
export async function setUp<Config, Theta = unknown>(
  experiment: Experiment<Config, Theta>,
  config: Config,
  key: Key,
): Promise<Setup<Theta>> {
  const { name } = experiment;
  const made: unknown = await calledAsync(name, "its setup", "setup", () => experiment.setup(config, key));
  // A getter or a proxy may throw wherever something is read.
  return called(name, "what its setup returned", "setup", () => checkedSetup<Theta>(name, made));
}

const parts = [
  "theta",
  "method",
  "estimator",
  "optimizer",
  "steps",
  "inner",
  "learned",
  "evaluate",
  "figures",
] as const satisfies readonly (keyof Setup)[];

/** A part whose name is misspelt would be missed, or left out in silence; entries of other names are the user's own. */
function requireKnownParts(name: string, made: object): void {
  const given = Object.entries(made).flatMap(([part, value]) => (value === undefined ? [] : [part]));
  for (const part of given) {
    if ((parts as readonly string[]).includes(part)) continue;
    const near = nearest(part, parts);
    // An outer beside the inner is no misspelt one.
    if (near === undefined || given.includes(near) || near[0] !== part[0]?.toLowerCase()) continue;
    throw new ExperimentError(
      name,
      `its setup returned an entry ${show(part)}, which is no part of a setup. Did you mean ${near}?`,
      { during: "setup", given: part, allowed: parts },
    );
  }
  if (["method", "estimator", "optimizer"].some((part) => given.includes(part))) return;
  throw new ExperimentError(
    name,
    `its setup must return { theta, estimator, optimizer, steps } or { theta, method, steps }, got ${show(made)}.`,
    { during: "setup" },
  );
}

/** The setup as a record of its own: nothing that was checked can change. */
function checkedSetup<Theta>(name: string, made: unknown): Setup<Theta> {
  if (typeof made !== "object" || made === null || Array.isArray(made)) {
    throw new ExperimentError(
      name,
      `its setup must return { theta, estimator, optimizer, steps } or { theta, method, steps }, got ${show(made)}.`,
      { during: "setup" },
    );
  }
  requireKnownParts(name, made);
  const raw = made as Setup<Theta>;
  const { theta, steps, learned, evaluate, figures } = raw;
  requireTheta(name, theta);
  const moved = checkedParts(name, raw);
  const inner: unknown = innerOf(raw);
  requireInteger(name, "steps of its setup", steps, 0);
  requireFunction(name, "evaluate", evaluate);
  requireFunction(name, "figures", figures);
  return {
    theta,
    ...moved,
    steps,
    ...(inner !== undefined && { inner: requireInner<Theta>(name, inner) }),
    ...(learned !== undefined && { learned: requireLearned<Theta>(name, learned) }),
    // What these throw is told by the loop, with what of the run is kept.
    ...(evaluate !== undefined && {
      evaluate: async (...given: Parameters<typeof evaluate>) => {
        const made: unknown = evaluate.apply(raw, given);
        const isLater = called(name, "what its evaluate returned", "run", () => isThenable(made));
        const result = isLater ? await made : made;
        return called(name, "what its evaluate returned", "run", () => checkedEvaluation(name, result)!);
      },
    }),
    ...(figures !== undefined && {
      figures: async (...given: Parameters<typeof figures>) => {
        const made: unknown = figures.apply(raw, given);
        const isLater = called(name, "what its figures returned", "run", () => isThenable(made));
        const result = isLater ? await made : made;
        return called(name, "what its figures returned", "run", () => checkedFigures(name, result));
      },
    }),
  };
}

/** A method, or an estimator and an optimizer. */
function checkedParts<Theta>(
  name: string,
  { method, estimator, optimizer }: Setup<Theta>,
): MethodPart<Theta> | DescentParts<Theta> {
  if (method === undefined) {
    return {
      estimator: checkedEstimator(name, estimator!),
      optimizer: checkedOptimizer(name, optimizer!),
    };
  }
  const second = estimator === undefined ? optimizer : estimator;
  if (second === undefined) return { method: checkedMethod(name, method) };
  throw new OptionError(
    name,
    "method of its setup",
    method,
    "a method, or an estimator and an optimizer, not both",
    "Write method: descent(estimator, optimizer) where the method is made of them.",
  );
}

/** Tensors, numbers and typed arrays in records and arrays, with at least one number that can be tuned. */
function requireTheta(name: string, theta: unknown): void {
  const where = `${name}: theta of its setup`;
  if (isThenable(theta)) throw new ShapeError(where, "it is a promise. Write await before it.");
  const leaves = tree.entries(called(where, "it", "setup", () => tree.tensors(theta)) as unknown);
  const tunable = leaves.filter(([, { dtype, size }]) => dtype.startsWith("float") && size > 0);
  if (tunable.length > 0) return;
  const found =
    leaves.length === 0 ? "is empty" : `holds ${leaves.map(([, leaf]) => leaf.toString()).join(", ")}`;
  throw new ShapeError(where, `it ${found}. It needs a float32 or float64 number to tune.`);
}

function requireFunction(name: string, part: string, given: unknown): void {
  if (given !== undefined && typeof given !== "function")
    throw new OptionError(name, `${part} of its setup`, given, "a function, or absent");
}

function requireInner<Theta>(name: string, given: unknown): InnerProblem<Theta> {
  const { problem, options } = (given ?? {}) as Partial<InnerProblem<Theta>>;
  const { init, step, horizon } = (problem ?? {}) as { init?: unknown; step?: unknown; horizon?: unknown };
  const isProblem = typeof init === "function" && typeof step === "function" && typeof horizon === "number";
  if (isProblem && typeof options === "object" && options !== null) return given as InnerProblem<Theta>;
  throw new OptionError(name, "inner of its setup", given, "innerProblem(problem, options)");
}

function requireLearned<Theta>(name: string, given: unknown): LearnedSubject<Theta> {
  const { optimizer, family, horizon } = (given ?? {}) as Partial<LearnedSubject<Theta>>;
  const isRecord = (value: unknown): boolean => typeof value === "object" && value !== null;
  if (isRecord(optimizer) && isRecord(family) && Number.isInteger(horizon))
    return given as LearnedSubject<Theta>;
  throw new OptionError(name, "learned of its setup", given, "{ optimizer, family, horizon }");
}
