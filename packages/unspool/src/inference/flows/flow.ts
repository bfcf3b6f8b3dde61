/**
 * Normalising flows as pure functions of a tree of parameters: a base distribution of z, moved by invertible maps.
 *
 *     x = f(z),    log q(x) = log q₀(f⁻¹(x)) + log |det ∂f⁻¹/∂x|
 */
import { type Key, type Tensor, random } from "../../array/index.ts";
import { OptionError, ShapeError, requireInteger } from "../../errors.ts";
import type { FlowBase } from "./flowBase.ts";

/** Points that were moved, and how volumes changed there. */
export interface Mapped {
  /** [n, d]. */
  value: Tensor;
  /** log |det| of the map's derivative at each point, [n]. */
  logDet: Tensor;
}

/** An invertible map of points [n, d] with parameters. */
export interface Bijector<Params = unknown> {
  readonly name: string;
  init(key: Key): Params;
  /** From the base to the data: x = f(z). */
  forward(params: Params, z: Tensor): Mapped;
  /** From the data to the base: z = f⁻¹(x), with the log-determinant of the inverse. */
  inverse(params: Params, x: Tensor): Mapped;
}

/** Parameters of a flow: those of its base, and of each of its maps in the order of `forward`. */
export interface FlowParams {
  base: unknown;
  layers: unknown[];
}

/** All functions are made of `np` functions and pure, so that they can be compiled and differentiated. */
export interface Flow<Params = FlowParams> {
  readonly name: string;
  /** d: numbers of a point. */
  readonly dim: number;
  init(key: Key): Params;
  forward(params: Params, z: Tensor): Mapped;
  inverse(params: Params, x: Tensor): Mapped;
  /** log q [n] of points [n, d]. */
  logProb(params: Params, x: Tensor): Tensor;
  /** `count` points [count, d], which carry derivatives by the parameters. */
  sample(params: Params, key: Key, count: number): Tensor;
  /** The same with log q, without the way back through the inverse. */
  sampleAndLogProb(params: Params, key: Key, count: number): { x: Tensor; logProb: Tensor };
  /** Of flows on a circle: the representative of a point, in the range that samples have. */
  wrap?(x: Tensor): Tensor;
}

export interface FlowParts {
  name: string;
  base: FlowBase;
  /** In the order of `forward`. */
  bijectors: readonly Bijector[];
  wrap?(x: Tensor): Tensor;
}

/**
 * A flow from a base and maps. The i-th map has the key `foldIn(key, i)`.
 *
 * @example
 * const flow = defineFlow({ name: "shifted", base: gaussianBase({ dim: 2 }), bijectors: [actNorm({ dim: 2 })] });
 */
export function defineFlow({ name, base, bijectors, wrap }: FlowParts): Flow {
  requireInteger(name, "dim", base.dim, 1);
  if (!Array.isArray(bijectors))
    throw new OptionError(name, "bijectors", bijectors, "a list of invertible maps");
  const dim = base.dim;
  const through = ({ layers }: FlowParams, points: Tensor, direction: "forward" | "inverse"): Mapped => {
    requirePoints(name, points, dim);
    const order = bijectors.map((map, i) => [map, layers[i]] as const);
    if (direction === "inverse") order.reverse();
    let value = points;
    let logDet: Tensor | undefined;
    for (const [map, params] of order) {
      const moved = map[direction](params, value);
      value = moved.value;
      logDet = logDet === undefined ? moved.logDet : logDet.add(moved.logDet);
    }
    return { value, logDet: logDet ?? points.slice([], 0).mul(0) };
  };
  const sampleAndLogProb: Flow["sampleAndLogProb"] = (params, key, count) => {
    const { z, logProb } = base.sampleAndLogProb(params.base, key, count);
    const { value, logDet } = through(params, z, "forward");
    return { x: value, logProb: logProb.sub(logDet) };
  };
  return {
    name,
    dim,
    init: (key) => ({
      base: base.init(),
      layers: bijectors.map((map, i) => map.init(random.foldIn(key, i))),
    }),
    forward: (params, z) => through(params, z, "forward"),
    inverse: (params, x) => through(params, x, "inverse"),
    logProb(params, x) {
      const { value, logDet } = through(params, wrap === undefined ? x : wrap(x), "inverse");
      return base.logProb(params.base, value).add(logDet);
    },
    sample: (params, key, count) => sampleAndLogProb(params, key, count).x,
    sampleAndLogProb,
    ...(wrap && { wrap }),
  };
}

/** Throws `ShapeError` unless `points` are [n, dim]. */
export function requirePoints(where: string, points: Tensor, dim: number): void {
  if (points.ndim === 2 && points.shape[1] === dim) return;
  throw new ShapeError(
    where,
    `points must be [n, ${dim}], got ${points.toString()}. One point is x.reshape([1, ${dim}]).`,
  );
}
