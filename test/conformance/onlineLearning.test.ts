/** Online filters as a method: through the conformance suite of methods, one observation an outer step. */
import {
  adam,
  createOnlineFilter,
  diagonalLinearGaussian,
  gaussianFamily,
  np,
  onlineLearning,
  random,
  type DiagonalLinearGaussianTheta,
  type Method,
  type OnlineFilter,
  type Tensor,
} from "unspool";
import { methodConformance } from "unspool/conformance";
import { describe, test } from "vitest";

const model = diagonalLinearGaussian({ F: [0.9, 0.7], G: [1.2, 0.8], U: 0.3, V: 0.2 });
const theta = (): DiagonalLinearGaussianTheta => model.init(random.key(0));
/** Every fourth step sees nothing. */
const observations = (t: number): Tensor | null =>
  t % 4 === 3 ? null : np.array([Math.sin(t), Math.cos(2 * t)], { dtype: "float64" });

const variational = {
  family: gaussianFamily({ past: "affine" }),
  phi: { steps: 2, samples: 2 },
  learns: true,
  theta: { start: 2, samples: 2 },
  elboSamples: 2,
};
const filters: Record<string, () => OnlineFilter<DiagonalLinearGaussianTheta>> = {
  "ovf, a window of two": () =>
    createOnlineFilter("ovf", {
      model,
      variational: {
        ...variational,
        regressors: { T: "exact", S: "exact", V: "exact" },
        window: 2,
        keepHistory: true,
      },
    }),
  bpf: () => createOnlineFilter("bpf", { model, particles: 20 }),
};

describe.each(Object.entries(filters))("%s", (name, filter) => {
  const create = (): Method<DiagonalLinearGaussianTheta> =>
    onlineLearning({
      filter: filter(),
      observations,
      // Its steps have no gradient by theta.
      ...(name !== "bpf" && { optimizer: adam() }),
    }) as Method<DiagonalLinearGaussianTheta>;
  const checks = methodConformance({ name, create, theta, steps: 6 });
  test.each(checks.map((check) => [check.name, check.run] as const))("%s", (_, run) => run());
});
