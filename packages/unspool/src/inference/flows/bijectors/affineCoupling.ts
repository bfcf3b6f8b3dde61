/**
 * Affine coupling (Dinh, Sohl-Dickstein and Bengio, "Density estimation using Real NVP", ICLR 2017): one part of the
 * coordinates says how the other is stretched and shifted.
 *
 *     x_a = z_a,    x_b = s(z_a) z_b + t(z_a),    log |det| = Σ log s
 *
 * with s = exp(raw), or bounded, s = 0.1 + 9.9 sigmoid(raw - log 10), which is 1 at raw = 0 and keeps float32 finite
 * (fab-jax: "hugely improves stability"). The network's last layer starts at 0, so that the map starts as the identity.
 */
import { type Tensor, nn, np } from "../../../array/index.ts";
import { ShapeError, requireKnownOptions, requireOneOf } from "../../../errors.ts";
import { type Layer, applyMlp } from "../../../networks/index.ts";
import type { Bijector } from "../flow.ts";
import { conditioner } from "./conditioner.ts";

export interface AffineCouplingOptions {
  /** d: numbers of a point, at least 2. */
  dim: number;
  /** Widths of the conditioner's hidden layers. Default [64, 64]. */
  hidden?: readonly number[];
  /** "sigmoid" keeps s between 0.1 and 10, "exp" bounds nothing. Default "sigmoid". */
  scale?: "sigmoid" | "exp";
  /** How many coordinates condition: the first ones. Default ceil(dim / 2). */
  conditioning?: number;
  /** The last ones condition instead. Default false. */
  isSwapped?: boolean;
  /** Default "float32". */
  dtype?: "float32" | "float64";
}

/** Smallest and largest bounded scale. */
const least = 0.1;
const most = 10;
/** raw + centre gives scale 1 at raw = 0: sigmoid(centre) = 0.9 / 9.9. */
const centre = -Math.log(10);

/** An affine coupling; parameters are the layers of its network. Cost: one pass of the network either way. */
export function affineCoupling(options: AffineCouplingOptions): Bijector<Layer[]> {
  const where = "affineCoupling";
  requireKnownOptions(where, options, ["dim", "hidden", "scale", "conditioning", "isSwapped", "dtype"]);
  const { dim, hidden, scale = "sigmoid", conditioning, isSwapped = false, dtype } = options;
  requireOneOf(where, "scale", scale, ["sigmoid", "exp"]);
  const part = coupledParts(where, dim, conditioning, isSwapped);
  const network = conditioner({
    inputs: part.conditioning,
    outputs: 2 * part.moved,
    ...(hidden && { hidden }),
    ...(dtype && { dtype }),
  });
  /** Shift and log-scale [n, moved], interleaved in the network's outputs as in fab-torch. */
  const shiftAndScale = (layers: Layer[], conditions: Tensor) => {
    const outputs = applyMlp(layers, conditions).reshape([conditions.shape[0]!, part.moved, 2]);
    const [shift, raw] = [outputs.slice([], [], 0), outputs.slice([], [], 1)];
    if (scale === "exp") return { shift, factor: np.exp(raw) as Tensor, logFactor: raw };
    const factor = nn
      .sigmoid(raw.add(centre))
      .mul(most - least)
      .add(least);
    return { shift, factor, logFactor: np.log(factor) as Tensor };
  };
  return {
    name: where,
    init: network.init,
    forward(layers, z) {
      const [conditions, moved] = part.split(z);
      const { shift, factor, logFactor } = shiftAndScale(layers, conditions);
      return { value: part.join(conditions, moved.mul(factor).add(shift)), logDet: logFactor.sum(1) };
    },
    inverse(layers, x) {
      const [conditions, moved] = part.split(x);
      const { shift, factor, logFactor } = shiftAndScale(layers, conditions);
      return { value: part.join(conditions, moved.sub(shift).div(factor)), logDet: logFactor.sum(1).neg() };
    },
  };
}

export interface CoupledParts {
  /** How many coordinates condition, and how many are moved. */
  conditioning: number;
  moved: number;
  split(x: Tensor): [conditions: Tensor, moved: Tensor];
  join(conditions: Tensor, moved: Tensor): Tensor;
}

/** The two parts of the coordinates of a coupling. */
export function coupledParts(
  where: string,
  dim: number,
  conditioning: number = Math.ceil(dim / 2),
  isSwapped = false,
): CoupledParts {
  if (!(Number.isInteger(dim) && dim >= 2))
    throw new ShapeError(
      where,
      `dim must be an integer of at least 2, got ${String(dim)}. A coupling moves one part of the coordinates by the other; add a coordinate with a normal density.`,
    );
  if (!(Number.isInteger(conditioning) && conditioning >= 1 && conditioning < dim))
    throw new ShapeError(
      where,
      `conditioning must be from 1 to ${dim - 1}, got ${String(conditioning)}. Both parts need a coordinate.`,
    );
  const moved = dim - conditioning;
  const at = isSwapped ? moved : conditioning;
  return {
    conditioning,
    moved,
    split(x) {
      const [low, high] = [x.slice([], [0, at]), x.slice([], [at, dim])];
      return isSwapped ? [high, low] : [low, high];
    },
    join: (conditions, own) => np.concatenate(isSwapped ? [own, conditions] : [conditions, own], 1) as Tensor,
  };
}
