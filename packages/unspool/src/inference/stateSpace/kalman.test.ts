/**
 * Filter, smoother and look-ahead of linear-Gaussian models: the oracles of two papers' models, and the joint normal law of all
 * states and observations, conditioned directly.
 */
import { describe, expect, test } from "vitest";
import { type Tensor, grad, linalg, np, random, tree } from "../../array/index.ts";
import { multivariateNormal } from "../../distributions/index.ts";
import { NonFiniteError, OptionError, ShapeError } from "../../errors.ts";
import { compiled } from "../../unroll/index.ts";
import {
  type GivenMatrices,
  backwardKernels,
  kalmanFilter,
  kalmanSmoother,
  linearGaussian,
  lookAheadLikelihood,
  simulate,
} from "../index.ts";

const wide = (values: number | readonly unknown[]): Tensor =>
  np.array(values as number[], { dtype: "float64" });
const expectClose = (found: Tensor, expected: readonly number[], digits = 10): void => {
  expect(found.size).toBe(expected.length);
  expected.forEach((value, i) => expect(found.data[i]).toBeCloseTo(value, digits));
};

/** The scalar model of online variational filtering (Campbell et al. 2021) in which its recursions were computed by hand. */
describe("a scalar model", () => {
  const given = { F: wide(0.9), G: wide(1.2), Q: 0.3, R: 0.2, P0: 1 };
  const y = wide([[0.5], [-0.3], [0.9]]);
  const filtered = kalmanFilter(given, { y });

  test("evidence, filter and backward kernels", () => {
    expectClose(filtered.logEvidence, [-3.798050257455916], 13);
    expectClose(filtered.means, [0.365853658537, -0.100365423387, 0.526553655469], 12);
    expectClose(filtered.covariances, [0.121951219512, 0.103011592742, 0.10195785484], 12);
    const { weights, offsets, covariances } = backwardKernels(given, filtered);
    expectClose(weights, [0.275229357798, 0.241786409681], 12);
    expectClose(offsets, [0.275229357798, -0.078525127548], 12);
    expectClose(covariances, [0.091743119266, 0.080595469894], 12);
  });

  test("the score by F and G, and that of the last prediction", () => {
    const model = linearGaussian({ matrices: given, learned: ["F", "G"] });
    const theta = model.init(random.key(0));
    const whole = (at: typeof theta) => kalmanFilter(model.matrices(at), { y }).logEvidence;
    const last = (at: typeof theta) => kalmanFilter(model.matrices(at), { y }).logEvidences.slice(2);
    const [score, increment] = [whole, last].map((of) => compiled("score", grad(of))(theta));
    expectClose(score!.F, [-0.517518937494978], 13);
    expectClose(score!.G, [-0.8807026467595627], 13);
    expectClose(increment!.F, [-0.046623021427], 12);
    expectClose(increment!.G, [-0.006626375107], 12);
  });
});

/** The model by which twists of smoothing particle filters (Lawson et al. 2022) are checked. */
test("the look-ahead of a scalar model", () => {
  const given = { F: wide(0.9), G: 1, Q: 0.5, R: 0.4, P0: 1 };
  const y = wide([[0.3], [-0.5], [1.2], [0.8], [2]]);
  expectClose(kalmanFilter(given, { y }).logEvidence, [-6.9696610755759565], 13);
  const { precisions, slopes, constants } = lookAheadLikelihood(given, { y });
  expectClose(precisions, [1.034427157, 1.0330434783, 1.02, 0.9, 0], 10);
  expectClose(slopes, [0.0530410184, 1.4130434783, 1.3333333333, 2, 0], 10);
  expectClose(constants, [-5.7116272766, -4.4319409087, -3.3644180699, -3.0884804976, 0], 10);
});

describe("three states, two observations, drift, offset and a gap", () => {
  const [dx, dy, steps] = [3, 2, 4];
  const at = (name: string, shape: number[]): Tensor =>
    random.normal(random.foldIn(random.key(4), name), shape, { dtype: "float64" });
  const covariance = (name: string, n: number): Tensor => {
    const root = at(name, [n, n]);
    return np.matmul(root, root.transpose()).add(np.eye(n, n, { dtype: "float64" }).mul(0.3));
  };
  const given = {
    F: at("F", [dx, dx]).mul(0.5),
    G: at("G", [dy, dx]),
    Q: covariance("Q", dx),
    R: covariance("R", dy),
    m0: at("m0", [dx]),
    P0: covariance("P0", dx),
    drift: at("drift", [dx]),
    offset: at("offset", [dy]),
  };
  const full = at("y", [steps, dy]);
  const gap = 1;
  const observed = np.array([true, false, true, true]);
  const y = full.at(gap).set(NaN);
  const seen = [0, 1, 4, 5, 6, 7];

  /** Mean and covariance of all states, then of all observations: x = A x + noise, solved as one system. */
  const joint = (() => {
    const size = steps * (dx + dy);
    const system = Array.from({ length: size }, () => new Float64Array(size));
    const noise = Array.from({ length: size }, () => new Float64Array(size));
    const constant = new Float64Array(size);
    const put = (into: Float64Array[], row: number, column: number, block: Tensor): void => {
      const [rows, columns] = block.shape as [number, number];
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < columns; j++) into[row + i]![column + j]! += block.data[i * columns + j]!;
    };
    for (let t = 0; t < steps; t++) {
      const [x, o] = [t * dx, steps * dx + t * dy];
      put(noise, x, x, t === 0 ? given.P0 : given.Q);
      put(noise, o, o, given.R);
      put(system, o, x, given.G);
      if (t > 0) put(system, x, x - dx, given.F);
      constant.set((t === 0 ? given.m0 : given.drift).data, x);
      constant.set(given.offset.data, o);
    }
    const identity = np.eye(size, size, { dtype: "float64" });
    const all = (rows: Float64Array[]): Tensor => wide(rows.map((row) => Array.from(row)));
    const inverse = linalg.inv(identity.sub(all(system)));
    return {
      mean: np.matvec(inverse, wide(Array.from(constant))),
      covariance: np.matmul(np.matmul(inverse, all(noise)), inverse.transpose()),
    };
  })();
  const places = (seenOnes: readonly number[]): Tensor =>
    np.array(
      seenOnes.map((i) => steps * dx + i),
      { dtype: "int32" },
    );
  const pick = (x: Tensor, i: Tensor, axis: number): Tensor => np.take(x, i, axis);
  const law = (ones: readonly number[]) => {
    const i = places(ones);
    return { mean: pick(joint.mean, i, 0), covariance: pick(pick(joint.covariance, i, 0), i, 1) };
  };
  const values = (ones: readonly number[]): Tensor =>
    np.take(full.reshape([-1]), np.array([...ones], { dtype: "int32" }), 0);
  /** States given those observations. */
  const states = np.arange(steps * dx).astype("int32");
  const given0 = (ones: readonly number[]) => {
    const i = places(ones);
    const cross = pick(pick(joint.covariance, states, 0), i, 1);
    const own = law(ones);
    const gain = linalg.solve(own.covariance, cross.transpose()).transpose();
    return {
      mean: pick(joint.mean, states, 0).add(np.matvec(gain, values(ones).sub(own.mean))),
      covariance: pick(pick(joint.covariance, states, 0), states, 1).sub(np.matmul(gain, cross.transpose())),
    };
  };

  test("evidence and smoother are those of the joint law", () => {
    const smoothed = kalmanSmoother(given, { y, observed });
    const expected = given0(seen);
    expectClose(smoothed.logEvidence, [multivariateNormal(law(seen)).logProb(values(seen)).item()]);
    expectClose(smoothed.means, [...expected.mean.data]);
    const block = (s: number, t: number): number[] => [
      ...expected.covariance.slice([s * dx, (s + 1) * dx], [t * dx, (t + 1) * dx]).data,
    ];
    for (let t = 0; t < steps; t++) expectClose(smoothed.covariances.slice(t), block(t, t));
    for (let t = 1; t < steps; t++) expectClose(smoothed.laggedCovariances.slice(t - 1), block(t - 1, t));
  });

  test("the filter is the smoother of what was seen so far; a gap has evidence 0", () => {
    const filtered = kalmanFilter(given, { y, observed });
    const expected = given0([0, 1, 4, 5]);
    expectClose(filtered.means.slice(2), [...expected.mean.slice([6, 9]).data]);
    expectClose(filtered.covariances.slice(2), [...expected.covariance.slice([6, 9], [6, 9]).data]);
    expect(filtered.logEvidences.data[gap]).toBe(0);
    expectClose(filtered.covariances.slice(gap), [...filtered.predictedCovariances.slice(gap).data], 15);
  });

  test("with the look-ahead, filter and evidence close: log p(y) = log p(y_0..t) + log E exp(look-ahead)", () => {
    const filtered = kalmanFilter(given, { y, observed });
    const ahead = lookAheadLikelihood(given, { y, observed });
    const [m, P] = [filtered.means, filtered.covariances];
    for (let t = 0; t < steps; t++) {
      const [A, b, c] = [ahead.precisions.slice(t), ahead.slopes.slice(t), ahead.constants.slice(t).item()];
      // E exp(bᵀx - xᵀAx/2) of a normal x, as in the head of the file of the recursion.
      const system = np.eye(dx, dx, { dtype: "float64" }).add(np.matmul(A, P.slice(t)));
      const [Mb, MA] = [linalg.solve(system, b), linalg.solve(system, A)];
      const mean = m.slice(t);
      const log =
        c -
        linalg.slogdet(system)[1].item() / 2 +
        b
          .mul(np.matvec(P.slice(t), Mb))
          .sum()
          .item() /
          2 +
        mean
          .mul(Mb.sub(np.matvec(MA, mean).mul(0.5)))
          .sum()
          .item();
      const past = filtered.logEvidences
        .slice([0, t + 1])
        .sum()
        .item();
      expect(past + log).toBeCloseTo(filtered.logEvidence.item(), 9);
    }
  });

  test("derivatives are finite differences, and a gap with NaN has none", () => {
    const evidence = (at: GivenMatrices) => kalmanFilter(at, { y, observed }).logEvidence;
    const slope = compiled(
      "slope",
      grad((at: typeof given) => evidence(at)),
    )(given);
    for (const [path, leaf] of tree.entries(slope)) {
      expect(leaf.data.every(Number.isFinite), path).toBe(true);
    }
    const step = 1e-5;
    for (const [name, i] of [
      ["F", 4],
      ["G", 1],
      ["m0", 2],
      ["drift", 0],
      ["offset", 1],
    ] as const) {
      const moved = (by: number): Tensor => {
        const data = Float64Array.from(given[name].data);
        data[i]! += by;
        return np.array(data, { shape: given[name].shape });
      };
      const change = (by: number): number => evidence({ ...given, [name]: moved(by) }).item();
      expect(slope[name].data[i]).toBeCloseTo((change(step) - change(-step)) / (2 * step), 6);
    }
  });

  test("in float32 the digits are those of float32", () => {
    const narrow = tree.map((x) => x.astype("float32"), given);
    const found = kalmanFilter(narrow, { y: full.astype("float32") });
    expect(found.means.dtype).toBe("float32");
    expectClose(found.logEvidence, [kalmanFilter(given, { y: full }).logEvidence.item()], 3);
  });
});

test("plain numbers take the dtype of y: 0.9 is not the float32 next to it", () => {
  const y = wide([[0.5], [-0.3], [0.9]]);
  const { means, logEvidence } = kalmanSmoother({ F: 0.9, G: 1.2, Q: 0.3, R: 0.2, P0: 1 }, { y });
  expect(means.dtype).toBe("float64");
  expectClose(logEvidence, [-3.798050257455916], 13);
});

test("a model and its simulation: the mean evidence of its own data is minus their entropy", () => {
  const model = linearGaussian({ matrices: { F: [[0.8, 0.2], [0, 0.7]], G: [[1, 0.5]], Q: [[0.3, 0], [0, 0.2]], R: 0.1, P0: [[1, 0], [0, 1]] } }); // prettier-ignore
  const theta = model.init(random.key(0));
  const { y } = simulate(model, theta, random.key(1), 2000);
  const { logEvidences, predictedCovariances } = kalmanFilter(model.matrices(theta), { y });
  const G = wide([[1, 0.5]]);
  const S = np.matmul(np.matmul(G, predictedCovariances.astype("float64")), G.transpose()).add(0.1);
  const entropies = np
    .log(S.mul(2 * Math.PI))
    .mul(0.5)
    .add(0.5)
    .reshape([2000]);
  // log p = -entropy - (z² - 1) / 2 with z² of variance 2: a standard deviation of √(1/2) a step.
  const misses = logEvidences.astype("float64").add(entropies).mean().item();
  expect(Math.abs(misses)).toBeLessThan(4 * Math.sqrt(0.5 / 2000));
});

const square = [[1, 0], [0, 1]]; // prettier-ignore
const two = { F: square, G: square, Q: square, R: square, P0: square };
test.each([
  [
    () => linearGaussian({ matrices: { ...two, A: square } as never }),
    OptionError,
    /the name of a matrix .* got "A"\. Here it is F/,
  ],
  [
    () => linearGaussian({ matrices: { ...two, Q: [1, 1] } }),
    ShapeError,
    /Q must be \[2, 2\].* A diagonal is np\.diag\(Q\)/,
  ],
  [
    () =>
      linearGaussian({
        matrices: {
          ...two,
          R: [
            [1, 0],
            [0, 0],
          ],
        },
      }),
    OptionError,
    /R must be a symmetric, positive definite matrix/,
  ],
  [
    () =>
      linearGaussian({
        matrices: {
          ...two,
          P0: [
            [1, 2],
            [2, 1],
          ],
        },
      }),
    OptionError,
    /P0 must be a symmetric, positive semidefinite matrix/,
  ],
  [
    () =>
      linearGaussian({
        matrices: {
          ...two,
          P0: [
            [1, 1],
            [0, 1],
          ],
        },
      }),
    OptionError,
    /P0 must be a symmetric/,
  ],
  [
    () => linearGaussian({ matrices: two, learned: ["A" as never] }),
    OptionError,
    /learned must be a list of F, G/,
  ],
  [() => linearGaussian({ matrices: two, stateSize: 2 } as never), OptionError, /"stateSize"/],
  [
    () => linearGaussian({ init: () => 0, matrices: two, stateSize: 2, observationSize: 2 } as never),
    OptionError,
    /a function of theta beside init/,
  ],
  [
    () => linearGaussian({ matrices: { ...two, m0: NaN } }),
    OptionError,
    /m0 must be a finite number, got NaN/,
  ],
  [
    () => kalmanFilter(two, { y: np.full([4, 2], NaN) }),
    NonFiniteError,
    /kalmanFilter: data\.y of step 0, element 0, is NaN\. Where nothing was observed, say so/,
  ],
  [
    () => backwardKernels(two, { y: np.zeros([4, 2]) } as never),
    OptionError,
    /must be what kalmanFilter gives, got \{y\}\. Write backwardKernels\(matrices, kalmanFilter/,
  ],
  [() => kalmanFilter(two, undefined as never), OptionError, /data must be \{ y, observed \}, got undefined/],
  [
    () => kalmanFilter(two, { y: np.zeros([4, 2]), steps: 2 } as never),
    OptionError,
    /one of "y", "observed", "x", got "steps"/,
  ],
  [() => kalmanFilter(two, { y: np.zeros([4, 1]) }), ShapeError, /data\.y must be \[T, 2\]/],
  [
    () => kalmanFilter({ ...two, F: undefined } as never, { y: np.zeros([4, 2]) }),
    OptionError,
    /F must be a tensor/,
  ],
] as const)("wrong arguments are typed errors, row %#", (make, kind, text) => {
  expect(make).toThrow(kind);
  expect(make).toThrow(text);
});
