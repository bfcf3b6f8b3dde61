/**
 * Krasulina's rule with an implicit step (Amid and Warmuth 2020), one column y at a time: with C = Vᵀ,
 *
 *     x = C⁺ y,    r = C x - y,    C ← C - η / (1 + η |x|²) r xᵀ
 *
 * r is orthogonal to the columns of C, so that CᵀC only gains b² |r|² x xᵀ, b = η / (1 + η |x|²): its inverse is carried by
 * Sherman and Morrison, and C⁺ = (CᵀC)⁻¹ Cᵀ.
 */
import { type Tensor, linalg, np, scan } from "../../array/index.ts";
import {
  type StreamingOptions,
  type StreamingRule,
  rateOf,
  requireComponents,
  times,
  transposed,
} from "./streamingRule.ts";

export type ImplicitKrasulinaState = {
  /** (V Vᵀ)⁻¹, [k, k]. */
  inverse: Tensor;
};

/**
 * Krasulina's rule for rows that need not be orthonormal, with the inverse of their Gram matrix kept up by rank-one updates.
 *
 * Cost: 3 k S products per column, one after the other.
 */
export function implicitKrasulina(options: StreamingOptions = {}): StreamingRule<ImplicitKrasulinaState> {
  const learningRate = rateOf("implicitKrasulina", options);
  type Carry = { v: Tensor; inverse: Tensor };
  const step = ({ v, inverse }: Carry, y: Tensor): [Carry, undefined] => {
    const [k, S] = v.shape as [number, number];
    const x = times(inverse, times(v, y.reshape([S, 1])));
    const r = times(x.reshape([1, k]), v).sub(y.reshape([1, S]));
    const length = x.mul(x).sum();
    const b = np.reciprocal(length.mul(learningRate).add(1)).mul(learningRate) as Tensor;
    const gain = r.mul(r).sum().mul(b).mul(b);
    const turned = times(inverse, x);
    const along = turned.mul(x).sum();
    const correction = times(turned, turned.reshape([1, k])).mul(gain.div(gain.mul(along).add(1)));
    return [{ v: v.sub(times(x, r).mul(b)), inverse: inverse.sub(correction) }, undefined];
  };
  return {
    name: "implicitKrasulina",
    options: { learningRate },
    init(components) {
      requireComponents("implicitKrasulina", components);
      return { inverse: linalg.inv(times(components, transposed(components))) };
    },
    update(v, columns, { inverse }) {
      const [end] = scan(step, { v, inverse }, columns);
      return { components: end.v, state: { inverse: end.inverse } };
    },
  };
}
