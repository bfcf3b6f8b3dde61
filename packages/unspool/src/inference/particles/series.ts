/** Data of particle methods: one series of observations, and stacks of series. */
import { Tensor, np } from "../../array/index.ts";
import { OptionError, ShapeError } from "../../errors.ts";
import {
  type Observations,
  requireDataNames,
  requireFiniteObservations,
} from "../stateSpace/observations.ts";

/** Observations of one trajectory, steps counted from 0; or a stack of N, all of whose tensors have a first axis of N. */
export interface ObservedSeries extends Observations {
  /** int32 scalar, for series that are padded to a common T: steps from here on are not there. Default T. */
  steps?: Tensor;
}

/**
 * How many series there are: 1 and no axis for a single one. Throws `ShapeError` for shapes that do not belong together, and
 * `OptionError` for other data and for numbers of steps that cannot be, `NonFiniteError` for what was observed and is not finite.
 */
export function seriesShape(
  where: string,
  series: ObservedSeries,
  observationSize: number,
): { count: number | undefined; length: number } {
  if (typeof series !== "object" || series === null || Tensor.is(series))
    throw new OptionError(where, "data", series, "{ y, observed, steps }");
  requireDataNames(where, series, ["y", "observed", "steps"]);
  const { y, observed, steps } = series;
  if (!Tensor.is(y)) throw new OptionError(where, "data.y", y, `a tensor [T, ${observationSize}]`);
  const isStack = y.ndim === 3;
  if ((y.ndim !== 2 && !isStack) || y.shape.at(-1) !== observationSize || y.shape.includes(0)) {
    const hint = y.ndim === 1 && observationSize === 1 ? " Write y.reshape([-1, 1])." : "";
    const what = `y must be [T, ${observationSize}], or [N, T, ${observationSize}] of several series`;
    throw new ShapeError(where, `${what}, got ${y.toString()}.${hint}`);
  }
  const [count, length] = isStack ? [y.shape[0]!, y.shape[1]!] : [undefined, y.shape[0]!];
  const front = count === undefined ? [] : [count];
  const requireShape = (name: string, given: Tensor | undefined, shape: readonly number[]): void => {
    if (given === undefined || String(given.shape) === String(shape)) return;
    throw new ShapeError(where, `${name} must be [${shape.join(", ")}], got ${given.toString()}.`);
  };
  if (observed !== undefined && !Tensor.is(observed))
    throw new OptionError(
      where,
      "data.observed",
      observed,
      `a bool tensor [${[...front, length].join(", ")}]`,
    );
  requireShape("observed", observed, [...front, length]);
  if (steps !== undefined && !Tensor.is(steps))
    throw new OptionError(where, "data.steps", steps, 'a tensor: np.array(3, { dtype: "int32" })');
  requireShape("steps", steps, front);
  requireSteps(where, steps, length);
  requireFiniteObservations(where, y, observed, steps);
  return { count, length };
}

/** The shape of one series: throws as `seriesShape` does, and for a stack. */
export function requireOneSeries(where: string, series: ObservedSeries, observationSize: number): void {
  const { count } = seriesShape(where, series, observationSize);
  if (count === undefined) return;
  const hint = "Call it for each row, map it with vmap, or take particleBoundEstimator, which has stacks.";
  throw new ShapeError(
    where,
    `y must be [T, ${observationSize}], one series, got a stack of ${count}. ${hint}`,
  );
}

/** Steps of each series, where they are known: whole numbers from 1 to T. */
function requireSteps(where: string, steps: Tensor | undefined, length: number): void {
  if (steps === undefined || steps.isTraced) return;
  for (const value of steps.data) {
    const given = Number(value);
    if (Number.isInteger(given) && given >= 1 && given <= length) continue;
    throw new OptionError(where, "data.steps", given, `a whole number from 1 to the ${length} steps of y`);
  }
}

/** y with 0 in the place of what is not observed, so that no density sees what is not there. */
export function knownObservations({ y, observed, steps }: ObservedSeries): Tensor {
  const mask = presence({ y, ...(observed && { observed }), ...(steps && { steps }) });
  return mask === undefined ? y : (np.where(mask.reshape([-1, 1]), y, 0) as Tensor);
}

/** bool [T]: observed and within the series; undefined where all are. */
export function presence({ y, observed, steps }: ObservedSeries): Tensor | undefined {
  if (steps === undefined) return observed;
  const isWithin = np.arange(y.shape[0]!).less(steps);
  return observed === undefined ? isWithin : (np.logicalAnd(observed, isWithin) as Tensor);
}

/** bool [T]: whether anything is observed after a step. A twist is 0 where nothing is. */
export function hasFuture(series: ObservedSeries): Tensor {
  const length = series.y.shape[0]!;
  const own = presence(series);
  if (own === undefined) return np.arange(length).less(length - 1);
  const count = own.astype("int32");
  // Observations from the next step on.
  return count
    .sum()
    .sub(np.cumsum(count) as Tensor)
    .greater(0);
}
