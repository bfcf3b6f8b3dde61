/**
 * Aggregated momentum: several velocities with decays of their own, whose sum moves the parameter. Lucas, Sun, Zemel
 * and Grosse, "Aggregated Momentum: Stability Through Passive Damping", ICLR 2019; with learning rates and decays that
 * are learned and may be complex, which lets velocities swing: Maheswaranathan et al., NeurIPS 2021.
 *
 *     v_k ← b_k v_k - a_k g
 *     p ← p + Σ_k Re v_k
 */
import { type Tensor, np } from "../../array/index.ts";
import { requireInteger, requirePositive } from "../../errors.ts";
import { requireBoolean, withDefaults } from "../hyperparameter.ts";
import { type ComponentwiseOptimizer, componentwise } from "./componentwise.ts";

export interface AggMoOptions {
  /** Velocities K. Default 3. */
  velocities?: number;
  /** Whether a_k, b_k and v_k are complex. Default false. */
  isComplex?: boolean;
  /** Where learning starts: each a_k is this over K. Default 0.001. */
  learningRate?: number;
}

export type AggMoMeta = {
  /** Velocities before the first step, [K]; complex ones [2 K], imaginary parts second. */
  start: Tensor;
  /** a, in the same form. */
  rates: Tensor;
  /** b, in the same form. */
  decays: Tensor;
};

export const aggMoDefaults: Required<AggMoOptions> = { velocities: 3, isComplex: false, learningRate: 0.001 };

/**
 * The decays start at 1 - 10^-k, k = 0 … K - 1, as in AggMo; imaginary parts at 0. Cost: K numbers of state per
 * parameter, 2 K where they are complex.
 */
export function aggMo(options: AggMoOptions = {}): ComponentwiseOptimizer<AggMoMeta> {
  const { velocities, isComplex, learningRate } = withDefaults("aggMo", options, aggMoDefaults);
  requireInteger("aggMo", "velocities", velocities, 1);
  requirePositive("aggMo", "learningRate", learningRate);
  requireBoolean("aggMo", "isComplex", isComplex);
  const size = isComplex ? 2 * velocities : velocities;
  const realParts = (of: (k: number) => number): Tensor =>
    np.array(Float32Array.from({ length: size }, (_, k) => (k < velocities ? of(k) : 0)));
  const real = (x: Tensor): Tensor => x.slice([0, velocities]);
  const imaginary = (x: Tensor): Tensor => x.slice([velocities, size]);
  return componentwise<AggMoMeta>({
    name: "aggMo",
    size,
    init: () => ({
      start: np.zeros([size]),
      rates: realParts(() => learningRate / velocities),
      decays: realParts((k) => 1 - 10 ** -k),
    }),
    start: ({ start }) => start,
    next({ rates, decays }, gradients, states) {
      const pushed = gradients.reshape([-1, 1]).mul(rates);
      if (!isComplex) return states.mul(decays).sub(pushed);
      const [re, im] = [states.slice([], [0, velocities]), states.slice([], [velocities, size])];
      const [bRe, bIm] = [real(decays), imaginary(decays)];
      const kept = [re.mul(bRe).sub(im.mul(bIm)), re.mul(bIm).add(im.mul(bRe))];
      return np.concatenate(kept, 1).sub(pushed);
    },
    readout: (_meta, states) => states.slice([], [0, velocities]).sum(1),
  });
}
