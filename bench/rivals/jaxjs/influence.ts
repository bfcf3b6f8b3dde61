/** W1 in jax-js: a whole PES step is one compiled function; the matrix is an argument. */
import { jit, numpy as np, random } from "@jax-js/jax";
import type { Runner } from "../../contestant.ts";
import { influenceMatrix, influenceSigns } from "../../workloads/data.ts";
import type { Workload } from "../../workloads/table.ts";
import { repeat } from "./repeat.ts";

const [pairs, sigma, rate] = [1000, 0.1, 1e-4];

interface State {
  [name: string]: np.Array;
  theta: np.Array;
  /** [pairs] */
  xi: np.Array;
  /** [23, 2 pairs], positives first. */
  s: np.Array;
}

export function influence({ restartEvery }: Workload): Runner {
  const matrix = np.array(influenceMatrix(0) as Float32Array<ArrayBuffer>, { shape: [23, 23] });
  const signs = np.array(influenceSigns as Float32Array<ArrayBuffer>, { shape: [23, 1] });
  const step = jit((key: np.Array, a: np.Array, v: np.Array, { theta, xi, s }: State): State => {
    const eps = random.normal(key, [pairs]).mul(sigma);
    const sum = xi.add(eps.ref);
    const both = np.concatenate([theta.ref.add(eps.ref), theta.ref.sub(eps)]);
    const next = np.matmul(a, s).add(v.mul(both.reshape([1, 2 * pairs])));
    const distance = next.ref.slice(0).sub(1);
    const loss = np.square(distance).mul(0.5);
    const difference = loss.ref.slice([0, pairs]).sub(loss.slice([pairs, 2 * pairs]));
    const gradient = sum.ref
      .mul(difference)
      .mean()
      .mul(1 / (2 * sigma ** 2));
    return { theta: theta.sub(gradient.mul(rate)), xi: sum, s: next };
  });
  let draws = 0;
  return repeat<State>({
    restartEvery,
    start: () => ({ theta: np.array(0.5), xi: np.zeros([pairs]), s: np.ones([23, 2 * pairs]) }),
    update: (state) => step(random.key(draws++), matrix.ref, signs.ref, state),
  });
}
