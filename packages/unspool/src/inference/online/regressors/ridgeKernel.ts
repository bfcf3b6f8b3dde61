/**
 * Kernels of kernel ridge regression, functions of the distance r in units of the bandwidth:
 *
 *     gaussian   exp(-r² / 2)
 *     matern12   exp(-r)
 *     matern32   (1 + √3 r) exp(-√3 r)
 *     matern52   (1 + √5 r + 5/3 r²) exp(-√5 r)
 *
 * Rasmussen and Williams 2006, section 4.2.
 */
import { type Tensor, np } from "../../../array/index.ts";
import { type Registry, registry } from "../../../registry.ts";

export type RidgeKernelName = "gaussian" | "matern12" | "matern32" | "matern52";

export interface RidgeKernel {
  readonly name: RidgeKernelName;
  readonly summary: string;
  /** Values for squared distances in units of the squared bandwidth. */
  of(squared: Tensor): Tensor;
  create(): RidgeKernel;
}

/** Added to squared distances under a root, whose derivative at 0 is infinite. */
const leastSquare = 1e-30;

function kernel(name: RidgeKernelName, summary: string, of: (squared: Tensor) => Tensor): RidgeKernel {
  const made: RidgeKernel = { name, summary, of, create: () => made };
  return made;
}

const matern = (factor: number, polynomial: (s: Tensor) => Tensor) => (squared: Tensor) => {
  const s = (np.sqrt(squared.add(leastSquare)) as Tensor).mul(factor);
  return polynomial(s).mul(np.exp(s.neg()));
};

const registered: Registry<RidgeKernel> = registry("ridgeKernel", [
  kernel("gaussian", "smooth", (squared) => np.exp(squared.mul(-0.5))),
  kernel(
    "matern12",
    "continuous",
    matern(1, (s) => np.onesLike(s)),
  ),
  kernel(
    "matern32",
    "once differentiable",
    matern(Math.sqrt(3), (s) => s.add(1)),
  ),
  kernel(
    "matern52",
    "twice differentiable",
    matern(Math.sqrt(5), (s) => s.mul(s).div(3).add(s).add(1)),
  ),
]);

/** The kernels by name. */
export const ridgeKernels: readonly RidgeKernel[] = registered.entries;

/** The kernel of a name. Throws `OptionError`, which suggests the nearest, where there is none. */
export function ridgeKernel(name: RidgeKernelName): RidgeKernel {
  return registered.create(name);
}

/** Squared distances [n, m] of rows x [n, d] and z [m, d], as sums of squares: differences of large squares would cancel. */
export function squaredDistances(x: Tensor, z: Tensor): Tensor {
  const [n, d] = x.shape as [number, number];
  const gap = x.reshape([n, 1, d]).sub(z.reshape([1, z.shape[0]!, d]));
  return gap.mul(gap).sum(2);
}
