/**
 * Packing of soft disks of two sizes in a periodic box: heavy ball minimises the energy of overlaps, and theta, the
 * diameter of the small disks, is judged by the packing that results.
 *
 *     E(x) = Σ_{i<j} ½ max(0, 1 - r_ij / d_ij)²,   v' = μ v - α ∂E/∂x,   x' = x + v',   l = E(x') or (E(x') - E*)²
 *
 * d_ij is the mean of the two diameters, r_ij the distance to the nearest image. An example system of Metz et al.,
 * "Gradients are Not All You Need", 2021, at CPU size.
 */
import { type Tensor, nn, np } from "../array/index.ts";
import { requireInteger, requireOneOf, requirePositive, requireKnownOptions } from "../errors.ts";
import { type Problem, defineProblem } from "../unroll/index.ts";

export type DiskTheta = { diameter: Tensor };

/** Positions and velocities [disks, 2]. */
export type DiskState = { positions: Tensor; velocities: Tensor };

export interface DiskPackingOptions {
  /** N. Every second one is small. Default 16. */
  disks?: number;
  /** Side of the box, in large diameters. Default 3.2. */
  box?: number;
  /** Diameter of the small disks in the default theta. Default 0.9. */
  diameter?: number;
  /** Step size α of heavy ball. Default 0.5. */
  rate?: number;
  /** μ. Default 0.9. */
  momentum?: number;
  /** Steps of minimisation T. Default 50. */
  horizon?: number;
  /** E*: with it, the loss is the squared distance of the energy from it. Default: the loss is the energy. */
  targetEnergy?: number;
  /** The loss after every step, or after the last one only (0 before it). Default "each". */
  loss?: "each" | "last";
}

/** Theta is `{ diameter }`. The disks start from a low-discrepancy sequence, at rest. */
export function diskPacking(options: DiskPackingOptions = {}): Problem<DiskTheta, DiskState, undefined> {
  requireKnownOptions("diskPacking", options, [
    "disks",
    "box",
    "diameter",
    "rate",
    "momentum",
    "horizon",
    "targetEnergy",
    "loss",
  ]);
  const { disks = 16, box = 3.2, diameter = 0.9, rate = 0.5, momentum = 0.9 } = options;
  const { horizon = 50, loss = "each", targetEnergy } = options;
  requireInteger("diskPacking", "disks", disks, 2);
  requirePositive("diskPacking", "box", box, "3.2 is dense for 16 disks.");
  requirePositive("diskPacking", "diameter", diameter, "It is relative to the large disks.");
  requireOneOf("diskPacking", "loss", loss, ["each", "last"]);
  if (loss === "last") requireInteger("diskPacking", "horizon", horizon, 1);
  const start = diskStart(disks, box);
  const cost = (positions: Tensor, diameter: Tensor): Tensor => {
    const energy = diskEnergy(positions, diameter, box);
    if (targetEnergy === undefined) return energy;
    const miss = energy.sub(targetEnergy);
    return miss.mul(miss);
  };
  return defineProblem({
    name: "diskPacking",
    horizon,
    theta: { diameter: np.array(diameter, { dtype: "float64" }) },
    init: () => ({ positions: start, velocities: np.zerosLike(start) }),
    step({ diameter }: DiskTheta, { positions, velocities }, { t }) {
      const faster = velocities.mul(momentum).add(diskForces(positions, diameter, box).mul(rate));
      const moved = positions.add(faster);
      const now = cost(moved, diameter);
      const state = { positions: moved, velocities: faster };
      if (loss === "each") return { state, loss: now };
      return { state, loss: np.where(t.equal(horizon - 1), now, now.mul(0)) };
    },
    finalLoss: ({ diameter }: DiskTheta, { positions }) => cost(positions, diameter),
  });
}

/** Positions [disks, 2] at t = 0: points of the R2 low-discrepancy sequence (generalised golden ratio). */
export function diskStart(disks: number, box: number): Tensor {
  const fraction = (x: number): number => x - Math.floor(x);
  const rows = Float64Array.from({ length: 2 * disks }, (_, k) => {
    const i = (k >> 1) + 1;
    return box * fraction(i * (k % 2 === 0 ? 0.7548776662466927 : 0.5698402909980532));
  });
  return np.array(rows, { shape: [disks, 2] });
}

/** E at positions [disks, 2], large disks of diameter 1 at even places. */
export function diskEnergy(positions: Tensor, diameter: Tensor, box: number): Tensor {
  const { overlaps } = contacts(positions, diameter, box);
  // Every pair counts twice.
  return overlaps.mul(overlaps).sum().mul(0.25);
}

/** -∂E/∂x [disks, 2], by hand: the step needs it inside derivatives of its own. */
function diskForces(positions: Tensor, diameter: Tensor, box: number): Tensor {
  const { overlaps, distances, reach, offsets } = contacts(positions, diameter, box);
  const push = overlaps.div(reach.mul(distances));
  return offsets.mul(push.reshape([...push.shape, 1])).sum(1);
}

interface Contacts {
  /** x_i - x_j to the nearest image, [disks, disks, 2]. */
  offsets: Tensor;
  /** r_ij, [disks, disks]; 1 on the diagonal. */
  distances: Tensor;
  /** d_ij, [disks, disks]. */
  reach: Tensor;
  /** max(0, 1 - r_ij / d_ij), [disks, disks]; 0 on the diagonal. */
  overlaps: Tensor;
}

function contacts(positions: Tensor, diameter: Tensor, box: number): Contacts {
  const [disks, dtype] = [positions.shape[0]!, positions.dtype];
  const apart = positions.reshape([disks, 1, 2]).sub(positions.reshape([1, disks, 2]));
  const offsets = apart.sub(np.round(apart.mul(1 / box)).mul(box));
  const self = np.eye(disks).astype(dtype);
  const distances = np.sqrt(offsets.mul(offsets).sum(2).add(self));
  const isSmall = np.array(Float64Array.from({ length: disks }, (_, i) => i % 2)).astype(dtype);
  const diameters = isSmall.mul(diameter.sub(1)).add(1);
  const reach = diameters
    .reshape([disks, 1])
    .add(diameters.reshape([1, disks]))
    .mul(0.5);
  const overlaps = nn.relu(distances.div(reach).neg().add(1)).mul(self.neg().add(1));
  return { offsets, distances, reach, overlaps };
}
