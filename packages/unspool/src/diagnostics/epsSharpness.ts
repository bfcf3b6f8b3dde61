/**
 * Sharpness by the worst point in a small box: Keskar, Mudigere, Nocedal, Smelyanskiy and Tang 2017, Metric 2.1 in the
 * full space.
 *
 *     100 · (max over |y_i| <= eps (|theta_i| + 1) of L(theta + y) - L(theta)) / (1 + L(theta))
 *
 * The paper maximises by L-BFGS-B; here signed gradient steps are projected onto the box, and the highest loss on the
 * way counts.
 */
import { type Tensor, np, scan, tree, valueAndGrad } from "../array/index.ts";
import { requireInteger, requirePositive, requireKnownOptions } from "../errors.ts";
import { compiled } from "../unroll/index.ts";

export interface EpsSharpnessOptions {
  /** Half width of the box in units of |theta| + 1. Default 1e-3. */
  eps?: number;
  /** Ascent steps. Default 20. */
  steps?: number;
  /** Length of a step in half widths of the box. Default 0.25. */
  rate?: number;
}

export interface EpsSharpness {
  /** In percent. */
  sharpness: number;
  loss: number;
  /** Highest loss that was found in the box. */
  worstLoss: number;
}

/**
 * A function that measures the sharpness of `loss` at a theta. Cost: `steps` gradients and a loss.
 *
 * @example
 * const { sharpness } = epsSharpness((theta: Layer[]) => crossEntropy(theta, train))(theta);
 */
export function epsSharpness<Theta>(
  loss: (theta: Theta) => Tensor,
  options: EpsSharpnessOptions = {},
): (theta: Theta) => EpsSharpness {
  requireKnownOptions("epsSharpness", options, ["eps", "steps", "rate"]);
  const { eps = 1e-3, steps = 20, rate = 0.25 } = options;
  requirePositive("epsSharpness", "eps", eps);
  requireInteger("epsSharpness", "steps", steps, 1);
  requirePositive("epsSharpness", "rate", rate);
  const climb = (theta: Theta): { start: Tensor; worst: Tensor } => {
    const isFloat = ({ dtype }: Tensor): boolean => dtype === "float32" || dtype === "float64";
    const center = tree.leaves(theta).filter(isFloat);
    const rebuilt = (leaves: readonly Tensor[]): Theta => {
      let next = 0;
      return tree.map((leaf) => (isFloat(leaf) ? leaves[next++]! : leaf), theta);
    };
    const box = center.map((x) => np.abs(x).add(1).mul(eps));
    const lossAt = (leaves: Tensor[]): Tensor => loss(rebuilt(leaves));
    const step = (x: Tensor[]): [Tensor[], Tensor] => {
      const [value, gradient] = valueAndGrad(lossAt)(x) as [Tensor, Tensor[]];
      const next = x.map((leaf, i) => {
        const [middle, half] = [center[i]!, box[i]!];
        const moved = leaf.add(np.sign(gradient[i]!).mul(half).mul(rate));
        return np.minimum(np.maximum(moved, middle.sub(half)), middle.add(half));
      });
      return [next, value];
    };
    const [last, values] = scan(step, center, undefined, { length: steps });
    return { start: values.slice(0), worst: np.maximum(values.max(), lossAt(last)) };
  };
  const program = compiled("epsSharpness", climb) as typeof climb;
  return (theta) => {
    const { start, worst } = program(tree.tensors(theta) as Theta);
    const [from, to] = [start.item(), worst.item()];
    return { sharpness: (100 * (to - from)) / (1 + from), loss: from, worstLoss: to };
  };
}
