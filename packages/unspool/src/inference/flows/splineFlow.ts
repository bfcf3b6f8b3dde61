/**
 * Flows of rational-quadratic spline couplings: on all of space (normal base, identity outside of [-B, B]), or on a torus
 * of angles (uniform base), which is what dihedral angles of molecules live on.
 */
import { requireInteger, requireKnownOptions } from "../../errors.ts";
import { splineCoupling } from "./bijectors/splineCoupling.ts";
import { wrapAngle } from "./bijectors/wrapAngle.ts";
import { type Flow, defineFlow } from "./flow.ts";
import { gaussianBase, uniformBase } from "./flowBase.ts";

export interface SplineFlowOptions {
  /** Numbers of a point, at least 2. */
  dim: number;
  /** Layers of two couplings, one by each half of the coordinates. Default 4. */
  layers?: number;
  /** Widths of the networks' hidden layers. Default [64, 64]. */
  hidden?: readonly number[];
  /** Bins of each spline. Default 8. */
  bins?: number;
  /** B: outside of [-B, B] the maps are the identity. Default 10. */
  bound?: number;
  /** Points are angles from -pi to pi. Default false. */
  isCircular?: boolean;
  /** Whether mean and deviation of the normal base are learned. Default true. */
  isBaseTrainable?: boolean;
  /** First standard deviation of the normal base. Default 1. */
  baseScale?: number;
  /** Default "float32". */
  dtype?: "float32" | "float64";
}

/**
 * A flow of spline couplings. Both directions cost the same.
 *
 * @example
 * const torus = splineFlow({ dim: 2, isCircular: true });
 */
export function splineFlow(options: SplineFlowOptions): Flow {
  const where = "splineFlow";
  requireKnownOptions(where, options, ["dim", "layers", "hidden", "bins", "bound", "isCircular", "isBaseTrainable", "baseScale", "dtype"]); // prettier-ignore
  const {
    dim,
    layers = 4,
    isCircular = false,
    isBaseTrainable = true,
    baseScale = 1,
    dtype = "float32",
  } = options;
  requireInteger(where, "layers", layers, 1);
  const { hidden = [64, 64], bins = 8, bound = isCircular ? Math.PI : 10 } = options;
  const coupling = (isSwapped: boolean) =>
    splineCoupling({ dim, hidden, bins, bound, isCircular, isSwapped, dtype });
  return defineFlow({
    name: where,
    base: isCircular
      ? uniformBase({ dim, dtype })
      : gaussianBase({ dim, isTrainable: isBaseTrainable, scale: baseScale, dtype }),
    bijectors: Array.from({ length: layers }, () => [coupling(false), coupling(true)]).flat(),
    ...(isCircular && { wrap: wrapAngle }),
  });
}
