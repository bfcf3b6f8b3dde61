/**
 * Every distribution in programs: draws, log-densities, their derivatives, entropies, compiled by the engine inside `vmap` and
 * `scan`, against the same computed one by one.
 */
import { expect, test } from "vitest";
import { type Tensor, grad, np, random, scan, vmap } from "../array/index.ts";
import { compiled } from "../unroll/index.ts";
import {
  type Distribution,
  affineBijector,
  bernoulli,
  beta,
  categorical,
  chain,
  diagonalNormal,
  dirichlet,
  gamma,
  independent,
  mixture,
  multivariateNormal,
  normal,
  poisson,
  sigmoidBijector,
  studentT,
  tanhBijector,
  transformed,
} from "./index.ts";
import { expectClose, wide } from "./testing.ts";

const identity = np.eye(2, 2, { dtype: "float64" });

/** By a positive number [] that is traced. */
const laws: Readonly<Record<string, (a: Tensor) => Distribution>> = {
  normal: (a) => normal({ mean: a, logSd: a.mul(-0.5) }),
  diagonalNormal: (a) => diagonalNormal({ mean: np.stack([a, a.neg()]), sd: a }),
  multivariateNormal: (a) =>
    multivariateNormal({ mean: np.stack([a, a]), covariance: identity.astype(a.dtype).mul(a).add(0.2) }),
  studentT: (a) => studentT({ df: a.add(2), loc: a, scale: a }),
  categorical: (a) => categorical({ logits: np.stack([a, a.mul(2), a.neg()]) }),
  bernoulli: (a) => bernoulli({ logits: a }),
  poisson: (a) => poisson({ rate: a.mul(4) }),
  gamma: (a) => gamma({ shape: a, rate: a.add(1) }),
  beta: (a) => beta({ a, b: a.mul(2) }),
  dirichlet: (a) => dirichlet({ concentration: np.stack([a, a.mul(3), a.add(1)]) }),
  mixture: (a) => mixture({ logits: np.stack([a, a.neg()]), component: normal({ mean: np.stack([a, a.mul(-3)]), sd: a }) }), // prettier-ignore
  transformed: (a) => transformed(independent(normal({ mean: np.stack([a, a]), sd: 0.4 })), chain([affineBijector({ scale: 2 }), tanhBijector])), // prettier-ignore
  "a mixture of vectors in (0, 1)": (a) =>
    transformed(
      mixture({ logits: [0, 1], component: diagonalNormal({ mean: np.stack([np.stack([a, a]), np.stack([a.neg(), a])]), sd: 1 }) }), // prettier-ignore
      sigmoidBijector,
    ),
};
const withoutEntropy = new Set(["poisson", "mixture", "transformed", "a mixture of vectors in (0, 1)"]);
const parameters = wide([0.6, 1.7, 2.9]);

test.each(Object.entries(laws))("%s", (name, lawOf) => {
  const key = random.key(8);
  // Draws once for all: those of programs may differ in the last digits of float32.
  const draws = compiled("draws", (all: Tensor) => vmap((a: Tensor) => lawOf(a).sample(key, [2]))(all))(
    parameters,
  );
  const eventRank = lawOf(wide(1)).eventShape.length;
  expect(draws.shape.slice(0, 2)).toEqual([3, 2]);
  expect(draws.ndim).toBe(2 + eventRank);

  const value = (a: Tensor, x: Tensor): Tensor => lawOf(a).logProb(x).sum();
  const mapped = compiled("mapped", (all: Tensor, xs: Tensor) =>
    vmap((a: Tensor, x: Tensor) => ({ value: value(a, x), slope: grad(value)(a, x) }))(all, xs),
  )(parameters, draws);
  const step = (sum: Tensor, row: { a: Tensor; x: Tensor }): [Tensor, Tensor] => {
    const own = value(row.a, row.x);
    return [sum.add(own), own];
  };
  const scanned = compiled("scanned", (all: Tensor, xs: Tensor) =>
    scan(step, np.zeros([], { dtype: "float64" }), { a: all, x: xs }),
  )(parameters, draws);
  const single = [0, 1, 2].map((i) => value(parameters.slice(i), draws.slice(i)).item());
  expect(single.every(Number.isFinite)).toBe(true);
  expectClose(mapped.value, single, 1e-11);
  expectClose(scanned[1], single, 1e-11);
  // Central differences in float64.
  const at = (i: number, by: number): number => value(parameters.slice(i).add(by), draws.slice(i)).item();
  const h = 1e-5;
  expectClose(mapped.slope, [0, 1, 2].map((i) => (at(i, h) - at(i, -h)) / (2 * h)), 1e-6); // prettier-ignore

  // In float32, against float64 at the same, rounded numbers.
  const narrow = { a: parameters.astype("float32"), x: draws.astype("float32") };
  const rounded = compiled("rounded", (all: Tensor, xs: Tensor) =>
    vmap((a: Tensor, x: Tensor) => value(a, x))(all, xs),
  );
  const found = rounded(narrow.a, narrow.x);
  expect(found.dtype).toBe("float32");
  expectClose(found, [...rounded(narrow.a.astype("float64"), narrow.x.astype("float64")).data], 2e-6);

  if (withoutEntropy.has(name)) return;
  const entropies = compiled("entropies", (all: Tensor) => vmap((a: Tensor) => lawOf(a).entropy())(all));
  expectClose(entropies(parameters), [0, 1, 2].map((i) => lawOf(parameters.slice(i)).entropy().item()), 1e-11); // prettier-ignore
});
