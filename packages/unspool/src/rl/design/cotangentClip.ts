/**
 * The identity on a state, whose cotangent is cut where it is long: a guard against overflow of derivatives through many
 * steps. With g the cotangent over all floating-point leaves and c the bound,
 *
 *     g ← g / max(1, |g| - c + 1)
 *
 * as in the code of Bolland et al. 2022, where c = 1e11: nothing below it is changed.
 */
import { type Tensor, customVjp, np, tree } from "../../array/index.ts";
import { splitFloats } from "../../unroll/index.ts";

/** The state itself. */
export function cotangentClip<State>(state: State, bound: number): State {
  const { floats, rebuild } = splitFloats(state);
  const clip = customVjp(
    (leaves: readonly Tensor[]) => [[...leaves], null] as const,
    (_residual: null, cotangents: readonly Tensor[]) => {
      const squares = cotangents.map((g) => g.mul(g).sum()).reduce((a, b) => a.add(b));
      const norm = np.sqrt(squares) as Tensor;
      const divisor = np.maximum(norm.sub(bound - 1), 1) as Tensor;
      return [cotangents.map((g) => g.div(divisor))];
    },
  );
  if (floats.length === 0) return state;
  return tree.unflatten(state, tree.leaves(rebuild(clip(floats))));
}
