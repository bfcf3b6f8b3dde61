/**
 * Scaled signs, the compressor of EF-signSGD (Karimireddy, Rebjock, Stich & Jaggi, ICML 2019).
 *
 *     decoded = ‖g‖₁ / n · sign(g)        (per leaf of n elements)
 *
 * By itself it does not converge in general: put `errorFeedback` around it.
 */
import { type Tensor, np } from "../../../array/index.ts";
import { bytesPerNumber, leafwise } from "./leafwise.ts";
import type { StatelessCompressor } from "./noCompression.ts";

export const scaledSignDefaults: Record<string, never> = {};

/** Signs, and one length per leaf. Cost: no memory; 1 bit per element and one number per leaf. */
export function scaledSign(): StatelessCompressor {
  return {
    name: "scaledSign",
    isUnbiased: false,
    init: () => ({}),
    compress: (gradient) => ({
      ...leafwise(gradient, (leaf) => {
        const scale = (np.abs(leaf) as Tensor).mean();
        const sign = np.sign(leaf) as Tensor;
        return {
          message: { sign, scale },
          decoded: sign.mul(scale),
          bytes: Math.ceil(leaf.size / 8) + bytesPerNumber(leaf),
        };
      }),
      state: {},
    }),
  };
}
