/** Structures of the curvature against matrices that are made element by element, and their routes against each other. */
import { describe, expect, test } from "vitest";
import { type Layers, type Tensor, grad, linalg, np, plainLayers, random, tree } from "../array/index.ts";
import { type Layer, applyMlp, initMlp } from "../networks/index.ts";
import { bernoulliLogits, categoricalLogits } from "../optimizers/index.ts";
import { compiled } from "../unroll/index.ts";
import { affineAugment } from "./affineAugment.ts";
import type { LaplaceEvidenceOptions } from "./evidenceSettings.ts";
import { laplaceEvidence } from "./laplaceEvidence.ts";

const float64 = { dtype: "float64" } as const;
const logDelta = tree.scalar(Math.log(0.8), "float64");

type Theta = {
  filter: { kernel: Tensor; bias: Tensor };
  output: Layer;
};

/** Images of 5 by 5, two filters of 3 by 3 at nine positions, two classes: 58 parameters. */
const network = ({ filter, output }: Theta, x: Tensor, layers: Layers): Tensor => {
  const images = x.reshape([x.shape[0]!, 1, 5, 5]);
  const hidden = np.tanh(layers.convolution(filter, images));
  return layers.dense(output, hidden.reshape([x.shape[0]!, 18]));
};
const theta: Theta = {
  filter: {
    kernel: random.normal(random.key(0), [2, 1, 3, 3], float64).mul(0.5),
    bias: random.normal(random.key(1), [2], float64).mul(0.1),
  },
  output: {
    weights: random.normal(random.key(2), [18, 2], float64).mul(0.3),
    bias: random.normal(random.key(3), [2], float64).mul(0.1),
  },
};
const data = {
  inputs: random.uniform(random.key(4), [3, 25], float64),
  targets: np.array([0, 1, 1], { dtype: "int32" }),
};
const augmentation = affineAugment({ samples: 2, generators: ["rotation", "scaleX"] });
const epsilon = augmentation.draw(random.key(5), 3, "float64");
const eta = np.array([0.4, 0.2], float64);
const evidenceOf = (given: Partial<LaplaceEvidenceOptions<Theta>>) =>
  laplaceEvidence({ network, likelihood: categoricalLogits, augmentation, ...given });

/** The averaged outputs of example n. */
const outputsOf = (own: Theta, n: number): Tensor => {
  const copies = augmentation.transform(eta, epsilon.slice([n, n + 1]), data.inputs.slice([n, n + 1]));
  return network(own, copies.reshape([2, 25]), plainLayers).mean(0);
};

/** log det(H + δ) of H = Σ r rᵀ for rows r, trees like theta. */
function logDetOf(rows: readonly Theta[]): number {
  const delta = Math.exp(logDelta.item());
  const size = tree.size(theta);
  const matrix = np.array(
    rows.flatMap((row) => [...tree.flatten(row)]),
    { shape: [rows.length, size], ...float64 },
  );
  const h = np.matmul(np.transpose(matrix), matrix).add(np.eye(size).astype("float64").mul(delta));
  return linalg.slogdet(h)[1].item();
}

describe("a convolutional network under rotations and scales", () => {
  test("the whole Gauss-Newton matrix is that of the Jacobians, row by row", { tags: ["long"] }, () => {
    const rows = [0, 1, 2].flatMap((n) => {
      const z = outputsOf(theta, n);
      const p = np.exp(z).div(np.exp(z).sum());
      return [0, 1].map((c) => {
        // √p_c (e_c - p)ᵀ J.
        const direction = np.array(
          [0, 1].map((k) => Math.sqrt(p.data[c]!) * (Number(k === c) - p.data[k]!)),
          float64,
        );
        return grad((own: Theta) => outputsOf(own, n).mul(direction).sum())(theta) as Theta;
      });
    });
    const fitted = evidenceOf({ structure: "full" }).fit(theta, data, { eta, epsilon });
    expect(fitted.terms(logDelta).logDetPosterior.item()).toBeCloseTo(logDetOf(rows), 9);
  });

  test("the empirical Fisher information is that of the gradients of examples", { tags: ["long"] }, () => {
    const rows = [0, 1, 2].map((n) => {
      const loss = (own: Theta): Tensor =>
        categoricalLogits.loss(outputsOf(own, n).reshape([1, 2]), data.targets.slice([n, n + 1])).sum();
      return grad(loss)(theta) as Theta;
    });
    const fitted = evidenceOf({ structure: "full", curvature: "ef" }).fit(theta, data, { eta, epsilon });
    expect(fitted.terms(logDelta).logDetPosterior.item()).toBeCloseTo(logDetOf(rows), 9);
  });

  const routes = [
    ["kron", "ggn"],
    ["diag", "ggn"],
    ["full", "ggn"],
    ["kron", "ef"],
  ] as const;
  // The other curvature only by `npm run test:robustness`.
  test.each(process.env["UNSPOOL_LONG_TESTS"] ? routes : routes.slice(0, 3))(
    "%s, %s: contraction and decomposition have one derivative, that of differences",
    { tags: ["long"] },
    (structure, curvature) => {
      const evidence = evidenceOf({ structure, curvature });
      const value = compiled("value", (x: Tensor) =>
        evidence.fit(theta, data, { eta: x, epsilon }).logMarginal(logDelta),
      );
      const direct = compiled("direct", (x: Tensor) =>
        grad((own: Tensor) => evidence.fit(theta, data, { eta: own, epsilon }).logMarginal(logDelta))(x),
      );
      const contraction = evidence.fit(theta, data, { eta, epsilon }).contract(logDelta);
      const contracted = compiled("contracted", (x: Tensor) =>
        grad((own: Tensor) =>
          evidence.contracted(theta, data, { eta: own, epsilon, examples: 3, contraction }),
        )(x),
      );
      const [a, b] = [direct(eta) as Tensor, contracted(eta) as Tensor];
      const h = 1e-6;
      [0, 1].forEach((i) => {
        const moved = (by: number): number =>
          value(
            np.array(
              [...eta.data].map((x, k) => (k === i ? x + by : x)),
              float64,
            ),
          ).item();
        expect(a.data[i]).toBeCloseTo((moved(h) - moved(-h)) / (2 * h), 5);
        expect(-b.data[i]!).toBeCloseTo(a.data[i]!, 8);
      });
    },
  );
});

describe("a dense network with more inputs than examples", () => {
  const dense = (layers: Layer[], x: Tensor, on: Layers): Tensor => applyMlp(layers, x, on, np.tanh);
  const layers = initMlp(random.key(6), [25, 4, 2], float64);
  const shifts = affineAugment({ samples: 3, generators: ["translateX"] });
  const [range, drawn] = [np.array([0.3], float64), shifts.draw(random.key(7), 3, "float64")];
  const made = (given: object) =>
    laplaceEvidence({ network: dense, likelihood: categoricalLogits, augmentation: shifts, ...given });
  const at = { eta: range, epsilon: drawn };

  test("the spectrum of its Gram matrix is that of its second moments", { tags: ["long"] }, () => {
    const [gram, plain] = [made({}), made({ gram: false })].map((evidence) => {
      const fitted = evidence.fit(layers, data, at);
      const contraction = fitted.contract(logDelta);
      const slope = grad((own: Tensor) =>
        evidence.contracted(layers, data, { eta: own, epsilon: drawn, examples: 3, contraction }),
      )(range) as Tensor;
      return { value: fitted.logMarginal(logDelta).item(), slope: slope.item(), contraction };
    });
    expect(tree.entries(gram!.contraction).map(([path]) => path)).toContain("0.vectors");
    expect(gram!.value).toBeCloseTo(plain!.value, 10);
    expect(gram!.slope).toBeCloseTo(plain!.slope, 10);
    // In batches too, and in a trace.
    expect(
      made({})
        .fit(layers, data, { ...at, batchSize: 2 })
        .logMarginal(logDelta)
        .item(),
    ).toBeCloseTo(plain!.value, 10);
    const direct = grad((own: Tensor) =>
      made({}).fit(layers, data, { eta: own, epsilon: drawn }).logMarginal(logDelta),
    )(range) as Tensor;
    expect(-direct.item()).toBeCloseTo(plain!.slope, 8);
  });

  test("the diagonal is that of the matrix with reduced Jacobians", () => {
    const measured = (given: object) => made(given).measure(layers, data, { ...at, examples: 3 }).part;
    const matrix = measured({ structure: "full", reduceJacobian: true }) as Tensor;
    const diagonal = measured({ structure: "diag" }) as { weights: Tensor; bias: Tensor }[];
    const flat = diagonal.flatMap(({ weights, bias }) => [...weights.data, ...bias.data]);
    const wanted = np.diagonal(matrix) as Tensor;
    expect(flat).toHaveLength(wanted.size);
    flat.forEach((x, i) => expect(x).toBeCloseTo(wanted.data[i]!, 12));
  });

  test("bits have an evidence as well", () => {
    const targets = np.array(
      [
        [0, 1],
        [1, 1],
        [0, 0],
      ],
      float64,
    );
    const evidence = laplaceEvidence({ network: dense, likelihood: bernoulliLogits, structure: "full" });
    const { logLikelihood, logDetPosterior, logDetPrior } = evidence
      .fit(layers, { inputs: data.inputs, targets })
      .terms(logDelta);
    expect(logLikelihood.item()).toBeLessThan(0);
    expect(logDetPosterior.item()).toBeGreaterThan(logDetPrior.item());
  });
});
