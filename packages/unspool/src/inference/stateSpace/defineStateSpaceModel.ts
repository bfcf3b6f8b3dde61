/** State-space models of one's own, whose distributions are checked wherever they are made. */
import { Tensor, np } from "../../array/index.ts";
import type { Distribution } from "../../distributions/index.ts";
import { OptionError, ShapeError, requireInteger, requireKnownOptions } from "../../errors.ts";
import type { StateSpaceModel } from "./stateSpaceModel.ts";

const names = ["name", "stateSize", "observationSize", "init", "initial", "transition", "emission"] as const;

/**
 * The model with checked functions: each call looks at shapes only, which are known in a trace too, so that a step pays
 * nothing for it. `x` and `t` of `transition` and `emission` may be plain numbers and nested arrays.
 *
 * @throws OptionError for an option that is missing, misspelt or of another kind, and where a function returns no
 * distribution.
 * @throws ShapeError where x is not [..., dx], t not one number, or where the batch and event of a distribution are not those
 * of its argument.
 *
 * @example
 * const walk = defineStateSpaceModel({
 *   name: "walk",
 *   stateSize: 1,
 *   observationSize: 1,
 *   init: () => ({ drift: np.array(0) }),
 *   initial: () => diagonalNormal({ mean: [0], sd: 1 }),
 *   transition: ({ drift }, x) => diagonalNormal({ mean: x.add(drift), sd: 0.1 }),
 *   emission: (_, x) => diagonalNormal({ mean: x, sd: 0.5 }),
 * });
 */
export function defineStateSpaceModel<Theta>(model: StateSpaceModel<Theta>): StateSpaceModel<Theta> {
  const where = "defineStateSpaceModel";
  requireKnownOptions(where, model, names);
  const { name, stateSize, observationSize } = model;
  if (typeof name !== "string" || name === "") throw new OptionError(where, "name", name, "a name");
  requireInteger(where, "stateSize", stateSize, 1);
  requireInteger(where, "observationSize", observationSize, 1);
  for (const option of ["init", "initial", "transition", "emission"] as const) {
    if (typeof model[option] !== "function")
      throw new OptionError(where, option, model[option], "a function", signatures[option]);
  }
  const conditional =
    (part: "transition" | "emission", size: number): StateSpaceModel<Theta>["transition"] =>
    (theta, x, t) => {
      const at = `${name}.${part}`;
      const state = requireState(at, x, stateSize);
      const made = model[part](theta, state, requireStep(at, t));
      return requireDistribution(at, made, state.shape.slice(0, -1), size);
    };
  return {
    name,
    stateSize,
    observationSize,
    init: (key) => model.init(key),
    initial: (theta) => requireDistribution(`${name}.initial`, model.initial(theta), [], stateSize),
    transition: conditional("transition", stateSize),
    emission: conditional("emission", observationSize),
  };
}

const signatures = {
  init: "Write (key) => theta, where learning starts.",
  initial: "Write (theta) => the distribution of x_0.",
  transition: "Write (theta, x, t) => the distribution of x_t after x.",
  emission: "Write (theta, x, t) => the distribution of y_t at x.",
};

function requireState(where: string, given: unknown, size: number): Tensor {
  const x: unknown = typeof given === "number" || Array.isArray(given) ? np.array(given) : given;
  if (!Tensor.is(x)) throw new OptionError(where, "x", given, `a tensor [..., ${size}]`);
  if (x.ndim > 0 && x.shape.at(-1) === size) return x;
  throw new ShapeError(where, `x must be [..., ${size}], states in its last axis, got ${x.toString()}.`);
}

function requireStep(where: string, given: unknown): Tensor {
  if (typeof given === "number" && Number.isSafeInteger(given)) return np.array(given, { dtype: "int32" });
  if (Tensor.is(given) && given.ndim === 0) return given;
  const hint = "Steps of several states are given by vmap.";
  throw new OptionError(where, "t", given, "the number of a step, int32[]", hint);
}

function requireDistribution(
  where: string,
  given: Distribution,
  batch: readonly number[],
  size: number,
): Distribution {
  const found: unknown = given;
  if (typeof found !== "object" || found === null || !("logProb" in found) || !("eventShape" in found)) {
    const hint = "Return diagonalNormal({ mean, sd }), say.";
    throw new OptionError(where, "what it returns", found, "a distribution", hint);
  }
  const { name, batchShape, eventShape } = given;
  const list = (shape: readonly number[]): string => `[${shape.join(",")}]`;
  if (list(eventShape) !== list([size])) {
    const hint = eventShape.length === 0 ? " Make vectors of numbers by independent(…, 1)." : "";
    const problem = `the distribution must have the event [${size}], got ${list(eventShape)} of ${name}.${hint}`;
    throw new ShapeError(where, problem);
  }
  if (list(batchShape) !== list(batch)) {
    const hint =
      batch.length > batchShape.length ? " Its parameters must depend on x, or broadcast to it." : "";
    const problem = `the distribution must have the batch ${list(batch)}, got ${list(batchShape)} of ${name}.${hint}`;
    throw new ShapeError(where, problem);
  }
  return given;
}
