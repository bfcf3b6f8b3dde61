/**
 * What stands for the derivative of a sampled policy gradient: five ways to weigh the scores of
 * ghat = sum_h w_h grad log pi_h that agree in value and differ in how the weights depend on the agent.
 *
 *     sampled      w_h = A_h                                      data fixed: no estimate of the return's Hessian
 *     dice         w_h = sum_{k>=h} g^k r_k box(l_0 + … + l_k)                       Foerster et al. 2018
 *     loadedDice   w_h = sum_{k>=h} d^(k-h) A_k (box(u_k) - [k>h] box(u_k - l_k))    Farquhar et al. 2019
 *     lvc          loadedDice with decay d = 0: w_h = A_h box(l_h)                  Rothfuss et al. 2019
 *     firstOrder   w_h = A_h, and ghat does not depend on the agent at all
 *
 * with l_h = log pi_h, u_k = d u_{k-1} + l_k, and box(x) = exp(x - stop(x)): value 1, gradient that of x.
 */
import { type Tensor, lax, np } from "../../array/index.ts";

export type HessianMethod = "sampled" | "dice" | "loadedDice" | "lvc" | "firstOrder";

export const hessianMethods: readonly HessianMethod[] = [
  "sampled",
  "dice",
  "loadedDice",
  "lvc",
  "firstOrder",
];

export const stop = (x: Tensor): Tensor => lax.stopGradient(x) as Tensor;

/** exp(x - stop(x)): 1, with the gradient of x. */
export const magicBox = (x: Tensor): Tensor => np.exp(x.sub(stop(x))) as Tensor;

export interface WeightInputs {
  method: HessianMethod;
  /** Of dependencies, in "loadedDice". */
  decay: number;
  /** log pi, [B, H]. */
  logProbs: Tensor;
  /** Constants, [B, H]. */
  advantages: Tensor;
  /** discount^h r_h, constants, [B, H]. */
  discounted: Tensor;
}

/** Weights [B, H] of the scores: the value of the advantages, the dependence of the method. */
export function hessianWeights({ method, decay, ...inputs }: WeightInputs): Tensor {
  const { logProbs, advantages } = inputs;
  switch (method) {
    case "sampled":
    case "firstOrder":
      return advantages;
    case "lvc":
      return advantages.mul(magicBox(logProbs));
    case "loadedDice":
      return loaded(logProbs, advantages, decay);
    case "dice": {
      const causal = magicBox(along(logProbs, (from, to) => (from <= to ? 1 : 0)));
      const weights = along(inputs.discounted.mul(causal), (from, to) => (from >= to ? 1 : 0));
      // The agent's own weights in value, also where it subtracts a baseline or does not discount from the start.
      return advantages.add(weights.sub(stop(weights)));
    }
  }
}

function loaded(logProbs: Tensor, advantages: Tensor, decay: number): Tensor {
  const power = (n: number) => (n < 0 ? 0 : decay ** n);
  const upTo = along(logProbs, (from, to) => power(to - from));
  const withOwn = advantages.mul(magicBox(upTo));
  const withoutOwn = advantages.mul(magicBox(upTo.sub(logProbs)));
  const weights = along(withOwn, (from, to) => power(from - to)).sub(
    along(withoutOwn, (from, to) => (from > to ? power(from - to) : 0)),
  );
  return advantages.add(weights.sub(stop(weights)));
}

/** sum over `from` of x[b, from] · factor(from, to). */
function along(x: Tensor, factor: (from: number, to: number) => number): Tensor {
  const length = x.shape[1]!;
  if (length === 1) return factor(0, 0) === 1 ? x : x.mul(factor(0, 0));
  const factors = Array.from({ length }, (_, from) => Array.from({ length }, (_, to) => factor(from, to)));
  return np.matmul(x, np.array(factors, { dtype: x.dtype })) as Tensor;
}
