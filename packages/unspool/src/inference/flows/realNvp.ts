/**
 * RealNVP in the two forms of FAB's authors. `linear: "swap"` (fab-jax): each layer is two couplings, the first by the
 * first half of the coordinates and the second by the last half. `linear: "lu"` (fab-torch): each layer is a coupling by
 * the first ceil(d / 2) coordinates and an invertible linear map that starts as a random orthogonal matrix.
 */
import { requireInteger, requireKnownOptions, requireOneOf } from "../../errors.ts";
import { actNorm } from "./bijectors/actNorm.ts";
import { affineCoupling } from "./bijectors/affineCoupling.ts";
import { luLinear } from "./bijectors/luLinear.ts";
import { type Bijector, type Flow, defineFlow } from "./flow.ts";
import { gaussianBase } from "./flowBase.ts";

export interface RealNvpOptions {
  /** Numbers of a point, at least 2. */
  dim: number;
  /** Layers: with "swap" two couplings each, with "lu" one and a linear map. Default 4. */
  layers?: number;
  /** Widths of the networks' hidden layers. Default [64, 64]. */
  hidden?: readonly number[];
  /** Scale of the couplings: between 0.1 and 10 ("sigmoid"), or any ("exp"). Default "sigmoid". */
  scale?: "sigmoid" | "exp";
  /** What mixes coordinates between couplings. Default "swap". */
  linear?: "swap" | "lu";
  /** A shift and scale of each coordinate after each layer. Default false. */
  hasActNorm?: boolean;
  /** Whether mean and deviation of the base are learned. Default true. */
  isBaseTrainable?: boolean;
  /** First standard deviation of the base. Default 1. */
  baseScale?: number;
  /** Default "float32". */
  dtype?: "float32" | "float64";
}

/**
 * A flow of affine couplings on a normal base. Both directions cost the same.
 *
 * @example
 * const flow = realNvp({ dim: 2, layers: 4, hidden: [64, 64] });
 * const theta = flow.init(random.key(0));
 * const { x, logProb } = flow.sampleAndLogProb(theta, random.key(1), 1000);
 */
export function realNvp(options: RealNvpOptions): Flow {
  const where = "realNvp";
  requireKnownOptions(where, options, ["dim", "layers", "hidden", "scale", "linear", "hasActNorm", "isBaseTrainable", "baseScale", "dtype"]); // prettier-ignore
  const { dim, layers = 4, hidden = [64, 64], scale = "sigmoid", linear = "swap" } = options;
  const { hasActNorm = false, isBaseTrainable = true, baseScale = 1, dtype = "float32" } = options;
  requireInteger(where, "layers", layers, 1);
  requireOneOf(where, "linear", linear, ["swap", "lu"]);
  const shared = { dim, hidden, scale, dtype };
  const layer = (): Bijector[] => [
    ...(linear === "lu"
      ? [affineCoupling(shared), luLinear({ dim, dtype })]
      : [false, true].map((isSwapped) =>
          // Split at floor(d / 2) from either end.
          affineCoupling({ ...shared, isSwapped, conditioning: isSwapped ? dim - (dim >> 1) : dim >> 1 }),
        )),
    ...(hasActNorm ? [actNorm({ dim, dtype })] : []),
  ];
  return defineFlow({
    name: where,
    base: gaussianBase({ dim, isTrainable: isBaseTrainable, scale: baseScale, dtype }),
    bijectors: Array.from({ length: layers }, layer).flat(),
  });
}
