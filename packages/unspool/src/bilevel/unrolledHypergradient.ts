/**
 * Hypergradients through the inner steps: what they really do to the outer loss, by reverse or by forward mode.
 *
 *     dF/du of F(u, w_T(u)),     w_{t+1} = w_t - a ∂f/∂w (u, w_t)   or another solver's step
 *
 * Reverse mode keeps the weights of every step; forward mode carries dw/du [p, m], all columns at once. Franceschi,
 * Donini, Frasconi and Pontil 2017.
 */
import { type Tensor, jvp, np, tree, vjp, vmap } from "../array/index.ts";
import { asVector, fromVector } from "./vectors.ts";

export interface UnrolledResponse<Outer, Carry> {
  loss: Tensor;
  gradient: Outer;
  /** What the inner steps end in. */
  end: Carry;
}

/** dF/du by one pull-back. Cost: about three times the steps; memory for all of them. */
export function reverseUnrolled<Outer, Carry>(
  steps: (outer: Outer) => Carry,
  lossAt: (outer: Outer, end: Carry) => Tensor,
  outer: Outer,
  like: Carry,
): UnrolledResponse<Outer, Carry> {
  type Ends = { loss: Tensor; end: Carry };
  const run = (at: Outer): Ends => {
    const end = steps(at);
    tree.requireSame("reverseUnrolled", "what the steps end in", like, end);
    return { loss: lossAt(at, end), end };
  };
  const seed: Ends = { loss: tree.scalar(1, tree.floatType(like)), end: tree.zerosLike(like) };
  const [{ loss, end }, [gradient]] = vjp(run, [outer], seed);
  return { loss, gradient: gradient as Outer, end };
}

/** dF/du by one tangent for each outer parameter. Cost: as many times the steps; memory for as many weights. */
export function forwardUnrolled<Outer, Carry>(
  steps: (outer: Outer) => Carry,
  lossAt: (outer: Outer, end: Carry) => Tensor,
  outer: Outer,
): UnrolledResponse<Outer, Carry> {
  const run = (at: Outer): Tensor => lossAt(at, steps(at));
  const { size, dtype } = asVector(outer);
  const slopes = vmap((unit: Tensor) => jvp(run, [outer], [fromVector(outer, unit)])[1])(
    np.eye(size, { dtype }),
  );
  const end = steps(outer);
  return { loss: lossAt(outer, end), gradient: fromVector(outer, slopes), end };
}
