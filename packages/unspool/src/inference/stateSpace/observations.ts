/** What was observed of a trajectory, with gaps where nothing was. */
import { Tensor, np } from "../../array/index.ts";
import type { Distribution } from "../../distributions/index.ts";
import { NonFiniteError, OptionError, ShapeError, requireKnownOptions } from "../../errors.ts";

export interface Observations {
  /** [T, dy]. Where nothing was observed its value does not matter, NaN included. */
  y: Tensor;
  /** bool [T]: whether step t was observed. Default: all. */
  observed?: Tensor;
}

/** Both tensors, `observed` of bools. Throws unless `y` is [T, dy], `observed` [T], and what was observed finite. */
export function requireObservations(
  where: string,
  data: Observations,
  observationSize: number,
): { y: Tensor; observed: Tensor; steps: number } {
  if (typeof data !== "object" || data === null || Tensor.is(data)) {
    const hint = "Write { y } around the tensor.";
    throw new OptionError(where, "data", data, "{ y, observed }", Tensor.is(data) ? hint : undefined);
  }
  requireDataNames(where, data, ["y", "observed"]);
  const { y, observed } = data;
  if (!Tensor.is(y)) throw new OptionError(where, "data.y", y, `a tensor [T, ${observationSize}]`);
  if (y.ndim !== 2 || y.shape[1] !== observationSize || y.shape[0] === 0) {
    const hint = y.ndim === 1 && observationSize === 1 ? " Write y.reshape([-1, 1])." : "";
    throw new ShapeError(where, `data.y must be [T, ${observationSize}], got ${y.toString()}.${hint}`);
  }
  const steps = y.shape[0]!;
  if (observed === undefined) requireFiniteObservations(where, y);
  if (observed === undefined) return { y, observed: np.ones([steps], { dtype: "bool" }), steps };
  if (!Tensor.is(observed) || String(observed.shape) !== String([steps])) {
    throw new OptionError(where, "data.observed", observed, `a bool for each of the ${steps} steps of y`);
  }
  requireFiniteObservations(where, y, observed);
  return { y, observed: observed.astype("bool"), steps };
}

/**
 * Throws `NonFiniteError` for a known number of y [..., T, dy] that is not finite and counts as observed: `observed` [..., T], and
 * before step `steps` [...] of its series. All densities would be NaN from there on.
 */
export function requireFiniteObservations(where: string, y: Tensor, observed?: Tensor, steps?: Tensor): void {
  if ([y, observed, steps].some((x) => x?.isTraced)) return;
  const [length, size] = [y.shape.at(-2)!, y.shape.at(-1)!];
  const at = y.data.findIndex((value: number, i: number) => {
    if (Number.isFinite(value)) return false;
    const row = Math.floor(i / size);
    const isWithin = steps === undefined || row % length < steps.data[Math.floor(row / length)]!;
    return isWithin && (observed === undefined || observed.data[row] !== 0);
  });
  if (at === -1) return;
  const row = Math.floor(at / size);
  const series = y.ndim === 3 ? ` of series ${Math.floor(row / length)}` : "";
  throw new NonFiniteError(
    where,
    `data.y of step ${row % length}${series}, element ${at % size}, is ${y.data[at]}. Where nothing was observed, say so: data.observed, a bool for each step.`,
    { quantity: "y", step: row % length, element: at % size },
  );
}

/** Throws for a name that means nothing, which a misspelt one would be; the states x of `simulate` may stand beside y. */
export function requireDataNames<Data extends Observations>(
  where: string,
  data: Data & { x?: unknown },
  names: readonly (keyof Data & string)[],
): void {
  requireKnownOptions<Data & { x?: unknown }>(`${where}: data`, data, [...names, "x"]);
}

/**
 * The log-density of y_t [dy] under an emission, [...batch], and 0 where step t was not observed: y is replaced there before
 * the density is computed, so that no NaN of a gap reaches a derivative.
 */
export function observationLogProb(emission: Distribution, y: Tensor, observed: Tensor): Tensor {
  return np.where(observed, emission.logProb(np.where(observed, y, np.zerosLike(y))), 0);
}
