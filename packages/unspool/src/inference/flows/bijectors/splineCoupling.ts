/**
 * Coupling by rational-quadratic splines (Durkan, Bekasov, Murray and Papamakarios, "Neural Spline Flows", NeurIPS 2019):
 * one part of the coordinates gives the splines by which each of the others is bent.
 *
 *     x_a = z_a,    x_b = spline(z_b; network(z_a))
 *
 * On a circle (Rezende et al., "Normalizing Flows on Tori and Spheres", ICML 2020) the network sees cos z_a and sin z_a,
 * the ends of a spline have one slope, and the bent coordinate is turned by an angle that the network gives as well.
 */
import { type Tensor, np } from "../../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions, requirePositive } from "../../../errors.ts";
import { type Layer, applyMlp } from "../../../networks/index.ts";
import type { Bijector } from "../flow.ts";
import { coupledParts } from "./affineCoupling.ts";
import { conditioner } from "./conditioner.ts";
import { type RawSpline, rationalQuadratic } from "./rationalQuadratic.ts";
import { wrapAngle } from "./wrapAngle.ts";

export interface SplineCouplingOptions {
  /** d: numbers of a point, at least 2. */
  dim: number;
  /** Widths of the conditioner's hidden layers. Default [64, 64]. */
  hidden?: readonly number[];
  /** K. Default 8. */
  bins?: number;
  /** B: outside of [-B, B] the map is the identity. Default 10; on a circle pi. */
  bound?: number;
  /** Coordinates are angles from -pi to pi. Default false. */
  isCircular?: boolean;
  /** The last coordinates condition instead of the first. Default false. */
  isSwapped?: boolean;
  /** Default "float32". */
  dtype?: "float32" | "float64";
}

const leastSlope = 1e-3;
/** softplus(unit) + leastSlope = 1: a network that gives 0 is the identity. */
const unit = Math.log(Math.expm1(1 - leastSlope));

/** A spline coupling; parameters are the layers of its network. Cost: one pass of the network either way. */
export function splineCoupling(options: SplineCouplingOptions): Bijector<Layer[]> {
  const where = "splineCoupling";
  requireKnownOptions(where, options, ["dim", "hidden", "bins", "bound", "isCircular", "isSwapped", "dtype"]);
  const { dim, hidden, bins = 8, isCircular = false, isSwapped = false, dtype } = options;
  const { bound = isCircular ? Math.PI : 10 } = options;
  requireInteger(where, "bins", bins, 2);
  requirePositive(where, "bound", bound);
  if (isCircular && bound !== Math.PI)
    throw new OptionError(where, "bound", bound, "pi on a circle", "Leave it out.");
  const part = coupledParts(where, dim, undefined, isSwapped);
  // On a circle K slopes and a turn, else K - 1 slopes.
  const perCoordinate = isCircular ? 3 * bins + 1 : 3 * bins - 1;
  const network = conditioner({
    inputs: part.conditioning * (isCircular ? 2 : 1),
    outputs: part.moved * perCoordinate,
    ...(hidden && { hidden }),
    ...(dtype && { dtype }),
  });
  const splines = (layers: Layer[], conditions: Tensor): { raw: RawSpline; turn: Tensor | undefined } => {
    const inputs = isCircular
      ? (np.concatenate([np.cos(conditions), np.sin(conditions)], 1) as Tensor)
      : conditions;
    const outputs = applyMlp(layers, inputs).reshape([conditions.shape[0]!, part.moved, perCoordinate]);
    const slopes = isCircular ? bins : bins - 1;
    return {
      raw: {
        widths: outputs.slice("...", [0, bins]),
        heights: outputs.slice("...", [bins, 2 * bins]),
        slopes: outputs.slice("...", [2 * bins, 2 * bins + slopes]).add(unit),
      },
      turn: isCircular ? outputs.slice("...", 3 * bins) : undefined,
    };
  };
  const shape = { bound, isPeriodic: isCircular, leastSlope };
  return {
    name: where,
    init: network.init,
    forward(layers, z) {
      const [conditions, moved] = part.split(z);
      const { raw, turn } = splines(layers, conditions);
      const { value, logDet } = rationalQuadratic(moved, raw, shape);
      const ended = turn === undefined ? value : wrapAngle(value.add(turn));
      return { value: part.join(conditions, ended), logDet: logDet.sum(1) };
    },
    inverse(layers, x) {
      const [conditions, moved] = part.split(x);
      const { raw, turn } = splines(layers, conditions);
      const begun = turn === undefined ? moved : wrapAngle(moved.sub(turn));
      const { value, logDet } = rationalQuadratic(begun, raw, { ...shape, isInverse: true });
      return { value: part.join(conditions, value), logDet: logDet.sum(1) };
    },
  };
}
