/** What was observed of a trajectory, with gaps where nothing was. */
import { Tensor, np } from "../../array/index.ts";
import type { Distribution } from "../../distributions/index.ts";
import { OptionError, ShapeError, requireKnownOptions } from "../../errors.ts";

export interface Observations {
  /** [T, dy]. Where nothing was observed its value does not matter, NaN included. */
  y: Tensor;
  /** bool [T]: whether step t was observed. Default: all. */
  observed?: Tensor;
}

/** Both tensors, `observed` of bools. Throws unless `y` is [T, dy] and `observed` [T]. */
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
  if (observed === undefined) return { y, observed: np.ones([steps], { dtype: "bool" }), steps };
  if (!Tensor.is(observed) || String(observed.shape) !== String([steps])) {
    throw new OptionError(where, "data.observed", observed, `a bool for each of the ${steps} steps of y`);
  }
  return { y, observed: observed.astype("bool"), steps };
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
