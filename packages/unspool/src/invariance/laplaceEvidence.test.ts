/** Oracles: card of the method, sections 6.1 to 6.3 (torch, float64), and central differences. */
import { describe, expect, test } from "vitest";
import { type Layers, type Tensor, grad, np, random, tree } from "../array/index.ts";
import { categoricalLogits, gaussianLikelihood } from "../optimizers/index.ts";
import { laplaceEvidence } from "./laplaceEvidence.ts";
import { kronStructure } from "./kronStructure.ts";
import type { LayerBlock } from "../optimizers/index.ts";
import { rotation2d } from "./rotation2d.ts";

const float64 = { dtype: "float64" } as const;
const array = (values: number[] | number[][]): Tensor => np.array(values, float64);
const scalar = (value: number): Tensor => tree.scalar(value, "float64");
const slopeOf = (fn: (x: Tensor) => Tensor, at: Tensor): number => (grad(fn)(at) as Tensor).sum().item();

describe("a linear model with Gaussian noise, whose evidence is exact", () => {
  const inputs = array([
    [1, 0],
    [0, 1],
    [1, 1],
  ]);
  const targets = array([[1], [-1], [0.5]]);
  const [delta, sigma] = [2, 0.5];
  const network = ({ weights }: { weights: Tensor }, x: Tensor, layers: Layers): Tensor =>
    layers.dense({ weights }, x);
  // Rotations by -η, 0 and η: ε times π times η / π.
  const evidence = laplaceEvidence({
    network,
    likelihood: gaussianLikelihood,
    structure: "full",
    augmentation: rotation2d({ deterministic: [-1, 0, 1] }),
  });
  /** The mean of the posterior: ridge regression on the averaged inputs c x, c = (1 + 2 cos η) / 3. */
  const best = (eta: number): { weights: Tensor } => {
    const c = (1 + 2 * Math.cos(eta)) / 3;
    const [a, b, d] = [2, 1, 2].map((x, i) => (c * c * x) / sigma ** 2 + (i === 1 ? 0 : delta)) as [
      number,
      number,
      number,
    ];
    const [p, q] = [(1.5 * c) / sigma ** 2, (-0.5 * c) / sigma ** 2];
    const det = a * d - b * b;
    return { weights: array([[(d * p - b * q) / det], [(a * q - b * p) / det]]) };
  };
  const at = (eta: number): Tensor => array([eta / Math.PI]);
  const logs = [scalar(Math.log(delta)), scalar(Math.log(sigma))] as const;
  const posterior = (eta: Tensor, theta = best(0.6)) => evidence.fit(theta, { inputs, targets }, { eta });

  test("its terms at eta = 0.6", () => {
    const { weights } = best(0.6);
    expect([...weights.data].map((x) => Number(x.toFixed(10)))).toEqual([0.8453614603, -0.5344708659]);
    const fitted = posterior(at(0.6));
    expect(fitted.logMarginal(...logs).item()).toBeCloseTo(-3.803460737900381, 12);
    const { logLikelihood, logDetPosterior, scatter } = fitted.terms(...logs);
    expect(logLikelihood.item()).toBeCloseTo(-1.464068135392, 12);
    expect(logDetPosterior.item()).toBeCloseTo(4.064489355971, 12);
    expect(scatter.item()).toBeCloseTo(2.000590210166, 12);
  });

  test.each([
    [0, -3.747254324415],
    [0.3, -3.758300711966],
    [1, -3.984235787857],
    [1.5, -4.564038374198],
    [2, -5.158797566115],
    [(2 * Math.PI) / 3, -5.177374057934],
  ])("log evidence at eta = %d", (eta, wanted) => {
    expect(
      posterior(at(eta), best(eta))
        .logMarginal(...logs)
        .item(),
    ).toBeCloseTo(wanted, 11);
  });

  test("its derivatives by eta, log sigma and log delta", () => {
    const [logDelta, logSigma] = logs;
    const byEta = slopeOf((eta) => posterior(eta).logMarginal(logDelta, logSigma), at(0.6)) / Math.PI;
    expect(byEta).toBeCloseTo(-0.241538104268, 11);
    const fitted = posterior(at(0.6));
    expect(slopeOf((x) => fitted.logMarginal(logDelta, x), logSigma)).toBeCloseTo(0.007037217316, 11);
    expect(slopeOf((x) => fitted.logMarginal(x, logSigma), logDelta)).toBeCloseTo(-0.283470573883, 11);
    // The contraction has the same derivative by eta.
    const contraction = fitted.contract(logDelta, logSigma);
    const epsilon = evidence.settings.augmentation.draw(random.key(0), 3, "float64");
    const contracted = slopeOf(
      (eta) =>
        evidence.contracted(
          best(0.6),
          { inputs, targets },
          { eta, epsilon, examples: 3, contraction, logSigma },
        ),
      at(0.6),
    );
    expect(contracted / -Math.PI).toBeCloseTo(-0.241538104268, 11);
  });
});

describe("a network of 17 parameters that classifies averaged rotations", () => {
  type Theta = { first: { weights: Tensor; bias: Tensor }; second: { weights: Tensor; bias: Tensor } };
  const theta: Theta = {
    first: {
      weights: np.transpose(
        array([
          [0.5, -0.3],
          [0.8, 0.2],
          [-0.6, 0.4],
        ]),
      ),
      bias: array([0.1, -0.2, 0.05]),
    },
    second: {
      weights: np.transpose(
        array([
          [0.7, -0.5, 0.3],
          [-0.4, 0.6, 0.9],
        ]),
      ),
      bias: array([0.02, -0.03]),
    },
  };
  const data = {
    inputs: array([
      [1, 0.5],
      [-0.4, 0.9],
      [0.2, -1.1],
    ]),
    targets: np.array([0, 1, 1], { dtype: "int32" }),
  };
  const network = ({ first, second }: Theta, x: Tensor, layers: Layers): Tensor =>
    layers.dense(second, np.tanh(layers.dense(first, x)));
  const augmentation = rotation2d({ deterministic: [-0.8, 0.1, 0.6] });
  const evidenceOf = (structure: "full" | "kron" | "diag") =>
    laplaceEvidence({ network, likelihood: categoricalLogits, augmentation, structure });
  const [eta, logDelta] = [array([0.3]), scalar(Math.log(1.5))];
  const epsilon = augmentation.draw(random.key(0), 3, "float64");

  test.each([
    ["full", -6.251140226318, 8.730986062985, 1.332713085306, -2.168494527336],
    ["kron", -6.430115386788, 9.088936383926, 1.498426511432, -1.939261682045],
    ["diag", -6.581004642707, 9.390714895762, 1.635450172223, -1.703640377867],
  ] as const)(
    "%s: evidence, log determinant and both derivatives",
    (structure, value, logDet, byEta, byDelta) => {
      const evidence = evidenceOf(structure);
      const fitted = evidence.fit(theta, data, { eta });
      expect(fitted.logMarginal(logDelta).item()).toBeCloseTo(value, 11);
      const terms = fitted.terms(logDelta);
      expect(terms.logDetPosterior.item()).toBeCloseTo(logDet, 11);
      expect(terms.logLikelihood.item()).toBeCloseTo(-2.516750613745, 11);
      expect(terms.scatter.item()).toBeCloseTo(5.6307, 12);
      expect(slopeOf((x) => fitted.logMarginal(x), logDelta)).toBeCloseTo(byDelta, 11);
      // Direct: through the decompositions.
      const direct = (x: Tensor): Tensor => evidence.fit(theta, data, { eta: x }).logMarginal(logDelta);
      expect(slopeOf(direct, eta)).toBeCloseTo(byEta, 10);
      // By contraction, whole and in batches.
      const contraction = fitted.contract(logDelta);
      const contracted = (rows: [number, number]) =>
        slopeOf(
          (x) =>
            evidence.contracted(
              theta,
              { inputs: data.inputs.slice(rows), targets: data.targets.slice(rows) },
              { eta: x, epsilon: epsilon.slice(rows), examples: 3, contraction },
            ),
          eta,
        );
      expect(-contracted([0, 3])).toBeCloseTo(byEta, 10);
      expect(-contracted([0, 1]) - contracted([1, 3])).toBeCloseTo(byEta, 10);
      const batched = evidence.fit(theta, data, { eta, batchSize: 2 });
      expect(batched.logMarginal(logDelta).item()).toBeCloseTo(value, 11);
    },
  );

  test("Kronecker factors and averaged outputs", () => {
    const { part, loss } = evidenceOf("kron").measure(theta, data, { eta, epsilon, examples: 3 });
    expect(loss.item()).toBeCloseTo(2.516750613745, 11);
    const [first, second] = part as { inputs: Tensor; outputs: Tensor }[];
    const wanted = [0.292709801037, -0.013984196262, -0.013984196262, 0.555771585635];
    wanted.forEach((x, i) => expect(first!.inputs.data[i]).toBeCloseTo(x, 11));
    const b = 0.696864322107;
    [b, -b, -b, b].forEach((x, i) => expect(second!.outputs.data[i]).toBeCloseTo(x, 11));
    expect(first!.outputs.data[0]).toBeCloseTo(0.5852232003, 10);
    expect(second!.inputs.data[0]).toBeCloseTo(0.125718799744, 11);
  });
});

test("the log determinant of a Kronecker product, and its derivatives by the factors", () => {
  const structure = kronStructure();
  const curvature = [
    {
      outputs: array([
        [2, 0.5],
        [0.5, 1],
      ]),
      inputs: array([
        [1, 0.2, 0],
        [0.2, 0.5, 0.1],
        [0, 0.1, 0.3],
      ]),
    },
  ];
  const block: LayerBlock = {
    ...{ name: "w", kind: "dense", weightsPath: "w", biasPath: undefined, inputs: 3, outputs: 2 },
    ...{ form: "matrix", paths: ["w"], uses: [0], hasBias: [false], positions: 1 },
    isDiagonal: { inputs: false, outputs: false },
    matrix: ([w]) => w!,
    leaves: (matrix) => [matrix],
  };
  const spectrum = structure.spectrum(curvature);
  const at = (delta: Tensor) => ({
    scale: scalar(1),
    layers: [{ block, weights: delta, bias: undefined }],
  });
  const logDet = (delta: Tensor): Tensor =>
    structure.logDetRatio(spectrum, at(delta)).add(np.log(delta).mul(6));
  expect(logDet(scalar(0.7)).item()).toBeCloseTo(2.314221353354, 11);
  expect(slopeOf(logDet, scalar(0.7))).toBeCloseTo(4.380413158796, 11);
  const [{ inputs, outputs }] = structure.contract(spectrum, at(scalar(0.7))) as [
    { inputs: Tensor; outputs: Tensor },
  ];
  const expectUpper = (matrix: Tensor, wanted: number[][]): void =>
    wanted.forEach((row, i) =>
      row.forEach((x, j) => expect(matrix.slice(i, i + j).item()).toBeCloseTo(x, 9)),
    );
  expectUpper(outputs, [[0.908222855, -0.209042223], [1.326307301]]);
  expectUpper(inputs, [[1.328581236, -0.275548172, 0.038564878], [2.036734106, -0.272751159], [2.505106668]]);
});
