/** What the LSTM of `rnnMlpLopt` sees of one tensor: orders of magnitude and signs of means and variances, its shape. */
import { type Tensor, np, tree } from "../../array/index.ts";

/** Dimensions that are told; further ones are not, missing ones count as 1. */
const dimensions = 4;

/** [18]: of momenta, squares, parameters and gradients, of the shape, and the two features of losses. */
export function tensorStatistics(
  parameter: Tensor,
  gradient: Tensor,
  momenta: readonly Tensor[],
  squares: readonly Tensor[],
  losses: readonly [Tensor, Tensor],
): Tensor {
  const number = (x: number): Tensor => tree.scalar(x, parameter.dtype);
  const { shape } = parameter;
  const lengths = Array.from({ length: dimensions }, (_, i) => number(Math.log(shape[i] ?? 1) - 1));
  const together = (parts: readonly Tensor[]): Tensor => np.stack([...parts]);
  const all = [together(momenta), together(squares), parameter].flatMap((x) => {
    const mean = x.mean();
    const off = x.sub(mean);
    return [magnitude(mean), np.sign(mean), magnitude(off.mul(off).mean())];
  });
  return np.stack([
    ...all,
    magnitude(smoothNorm(parameter)),
    magnitude(smoothNorm(gradient)),
    number(parameter.ndim === 0 ? 1 : -1),
    ...lengths,
    ...losses.map((x) => x.astype(parameter.dtype)),
  ]);
}

/** log |x| within ±5. */
function magnitude(x: Tensor): Tensor {
  return np.clip(np.log(np.abs(x).add(1e-8)), -5, 5) as Tensor;
}

/** Euclidean norm with a derivative at 0, where it is 1e-10. */
export function smoothNorm(x: Tensor): Tensor {
  return np.sqrt(x.mul(x).sum().add(1e-20));
}
