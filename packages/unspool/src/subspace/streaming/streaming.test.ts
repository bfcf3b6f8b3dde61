/** Streaming baselines: one step by its formula, and the top components of a small matrix as their end. */
import { describe, expect, test } from "vitest";
import { type Tensor, linalg, np, random } from "../../array/index.ts";
import { principalDirections } from "../diagnostics/principalDirections.ts";
import { subspaceDistance } from "../diagnostics/subspaceMetrics.ts";
import { syntheticPsi } from "../tasks/syntheticPsi.ts";
import { gha } from "./gha.ts";
import { implicitKrasulina } from "./implicitKrasulina.ts";
import { krasulina } from "./krasulina.ts";
import { oja } from "./oja.ts";
import { ojaDeflation } from "./ojaDeflation.ts";
import { streamingRules } from "./registry.ts";
import { streamingDescent } from "./streamingDescent.ts";
import { times, transposed } from "./streamingRule.ts";

const key = random.key(3);
const start = random.normal(key, [3, 8], { dtype: "float64" });
const columns = random.normal(random.key(4), [5, 8], { dtype: "float64" });
const M = times(transposed(columns), columns);
const rate = 0.1;

/** An orthonormal V to start from. */
const [orthonormal] = linalg.qr(transposed(start));
const v = transposed(orthonormal);

const expectClose = (found: Tensor, wanted: Tensor, digits = 10): void => {
  expect(found.shape).toEqual(wanted.shape);
  wanted.data.forEach((x, i) => expect(found.data[i]!).toBeCloseTo(x, digits));
};

/** qf of LAPACK's factors, with the signs that make the diagonal of R positive. */
function qf(x: Tensor): Tensor {
  const [q, r] = linalg.qr(x);
  return q.mul(np.sign(np.diagonal(r)) as Tensor);
}

test("oja: qf of Vᵀ + η M Vᵀ", () => {
  const { components } = oja({ learningRate: rate }).update(v, columns, {});
  const vt = transposed(v);
  expectClose(transposed(components), qf(vt.add(times(M, vt).mul(rate))));
});

test("krasulina: the part within the span is left out", () => {
  const { components } = krasulina({ learningRate: rate }).update(v, columns, {});
  const vt = transposed(v);
  const outside = np.eye(8, 8, { dtype: "float64" }).sub(times(vt, v));
  expectClose(transposed(components), qf(vt.add(times(times(outside, M), vt).mul(rate))));
});

/** Row i of what a rule adds, by its sum. */
function summed(rule: (i: number, rows: Tensor[]) => Tensor): Tensor {
  const rows = [0, 1, 2].map((i) => v.slice(i));
  const moved = rows.map((row, i) => {
    const next = row.add(rule(i, rows).mul(rate));
    const length = Math.sqrt(next.mul(next).sum().item());
    return next.div(Math.max(1, length));
  });
  return np.stack(moved);
}

const image = (row: Tensor): Tensor => times(row.reshape([1, 8]), M).reshape([8]);
const inner = (a: Tensor, b: Tensor): Tensor => a.mul(b).sum();

test("gha: the sum over j ≤ i", () => {
  const wanted = summed((i, rows) =>
    rows
      .slice(0, i + 1)
      .reduce((rest, row) => rest.sub(row.mul(inner(image(rows[i]!), row))), image(rows[i]!)),
  );
  expectClose(gha({ learningRate: rate }).update(v, columns, {}).components, wanted);
});

test("ojaDeflation: the sum over j < i", () => {
  // Of rows that are not orthogonal, so that there is something to deflate.
  const skew = v.add(times(np.ones([3, 3], { dtype: "float64" }), v).mul(0.2));
  const rows = [0, 1, 2].map((i) => skew.slice(i));
  const wanted = rows.map((row, i) => {
    const rest = rows.slice(0, i).reduce((sum, other) => sum.sub(other.mul(inner(row, other))), image(row));
    const next = row.add(rest.mul(rate));
    return next.div(Math.max(1, Math.sqrt(inner(next, next).item())));
  });
  expectClose(ojaDeflation({ learningRate: rate }).update(skew, columns, {}).components, np.stack(wanted));
});

test("implicitKrasulina: by the pseudo-inverse, whose Gram matrix is carried", () => {
  const rule = implicitKrasulina({ learningRate: rate });
  const { components, state } = rule.update(start, columns, rule.init(start));
  let C = transposed(start);
  for (let i = 0; i < 5; i++) {
    const y = columns.slice(i).reshape([8, 1]);
    const x = times(linalg.pinv(C), y);
    const r = times(C, x).sub(y);
    C = C.sub(times(r, transposed(x)).mul(rate / (1 + rate * inner(x, x).item())));
  }
  expectClose(transposed(components), C);
  expectClose(state.inverse, linalg.inv(times(transposed(C), C)));
});

describe("the top components of a matrix of 30 columns, from batches of 6", () => {
  const spectrum = [3, 2.5, 2, 0.3, 0.2, 0.1, 0.1, 0.1];
  const psi = syntheticPsi(random.key(5), { rows: 8, columns: 30, spectrum });
  const lines = transposed(psi);
  const { basis } = principalDirections(psi, 3);
  const learningRate = { oja: 0.05, krasulina: 0.05, gha: 0.05, ojaDeflation: 0.05, implicitKrasulina: 0.3 };

  test.each(streamingRules.names)("%s", (name) => {
    const rule = streamingRules.create(name, {
      learningRate: learningRate[name as keyof typeof learningRate],
    });
    const method = streamingDescent(rule, {
      columns: (at) => np.take(lines, random.randint(at, [6], 0, 30), 0) as Tensor,
    });
    let theta = { components: v };
    let state = method.init(theta, key);
    for (let i = 0; i < 600; i++) ({ theta, state } = method.step(theta, state, random.foldIn(key, i)));
    // Three directions hold 99.3 % of the energy; deflation that is not exact stays a little off.
    expect(subspaceDistance(transposed(theta.components), basis)).toBeLessThan(0.02);
  });
});

test("what a rule cannot start from", () => {
  expect(() => oja({ learningRate: 0 })).toThrow("oja: learningRate must be a finite number above 0");
  expect(() => gha().init(np.ones([3, 2]))).toThrow(
    "the number of components must be at most their length, 2",
  );
  expect(() => krasulina().init(np.ones([3]))).toThrow("components must be a matrix [k, S]");
  expect(() => streamingRules.entry("ojja")).toThrow('Did you mean "oja"?');
});
