/**
 * Derivatives of expectations by gate parameters as a machine can measure them: all gates of `qhea` are exponentials of
 * generators with two eigenvalues that lie π apart, so that
 *
 *     ∂_a f = (π / 2) (f(a + ½) - f(a - ½))      exactly.
 */
import { type Tensor, np, scan } from "../../array/index.ts";

const exact = { dtype: "float64" } as const;

/** The gradient [P] of f at parameters [P], by 2 P evaluations, one after the other. */
export function parameterShift(f: (parameters: Tensor) => Tensor, parameters: Tensor): Tensor {
  const count = parameters.shape[0]!;
  if (count === 0) return np.zeros([0], exact);
  const half = np.eye(count).astype("float64").mul(0.5);
  const moved = np.concatenate([parameters.add(half), parameters.sub(half)], 0) as Tensor;
  const [, values] = scan(
    (at: Tensor, row: Tensor): [Tensor, Tensor] => [at, f(row)],
    np.zeros([], exact),
    moved,
    { length: 2 * count },
  );
  return values
    .slice([0, count])
    .sub(values.slice([count, 2 * count]))
    .mul(Math.PI / 2);
}
