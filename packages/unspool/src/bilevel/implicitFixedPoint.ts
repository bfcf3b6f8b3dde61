/** Fixed points of a map with implicit derivatives: deep equilibrium models (Bai et al. 2019), value iteration, steady states. */
import { tree } from "../array/index.ts";
import { implicit, requireFunctions } from "./implicitRoot.ts";
import { type LinearSolver, neumann } from "./linearSolvers.ts";

export interface ImplicitFixedPointOptions {
  /** Solves the linear system. Default `neumann()`: 20 terms of the series, NaN where they leave more than 1e-3. */
  solver?: LinearSolver;
}

const where = "implicitFixedPoint";

/**
 * `solve`, a function of theta that finds x = `map(x, theta)`, with implicit derivatives: (1 - ∂map/∂x) dx = ∂map/∂theta
 * dtheta. The default solver is `neumann()` with 20 terms, which is the derivative of as many further applications of the
 * map; its error falls as the map contracts. Where the map expands, or contracts more slowly than by about 0.7, they are not enough
 * and the derivative is NaN: give `neumann({ terms })`, `normalEquations()` or `direct()`.
 *
 * @example
 * // A layer that is the fixed point of z = tanh(W z + x).
 * const layer = implicitFixedPoint(
 *   (z: Tensor, { w, x }: Layer) => np.tanh(np.matmul(w, z).add(x)),
 *   ({ w, x }) => lax.foriLoop(0, 50, (_, z) => np.tanh(np.matmul(w, z).add(x)), np.zerosLike(x)),
 *   { solver: normalEquations({ steps: 20 }) },
 * );
 */
export function implicitFixedPoint<X, Theta>(
  map: (x: X, theta: Theta) => X,
  solve: (theta: Theta) => X,
  options: ImplicitFixedPointOptions = {},
): (theta: Theta) => X {
  requireFunctions(where, { map }, { solve });
  const equations = (x: X, theta: Theta): X => tree.subtract(x, map(x, theta));
  return implicit(where, equations, solve, { ...options, solver: options.solver ?? neumann() });
}
