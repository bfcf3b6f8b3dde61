/** What evidences and the methods on them are handed: every mistake is told where it is made, with what belongs there. */
import { describe, expect, test } from "vitest";
import { type Layers, type Tensor, np, random, tree } from "../array/index.ts";
import { NonFiniteError, OptionError, UnspoolError } from "../errors.ts";
import { type Layer, applyMlp, initMlp } from "../networks/index.ts";
import { categoricalLogits, gaussianLikelihood } from "../optimizers/index.ts";
import { augerino } from "./augerino.ts";
import type { LaplaceEvidenceOptions } from "./evidenceSettings.ts";
import { invarianceGradient } from "./invarianceGradient.ts";
import { type EvidenceData, laplaceEvidence } from "./laplaceEvidence.ts";
import { lila } from "./lila.ts";
import { lilaTheta } from "./lilaTheta.ts";
import { marginalLikelihood } from "./marginalLikelihood.ts";
import { rotation2d } from "./rotation2d.ts";

const network = (theta: Layer[], x: Tensor, layers: Layers): Tensor => applyMlp(theta, x, layers, np.tanh);
const weights = initMlp(random.key(0), [2, 3, 2]);
const inputs = random.normal(random.key(1), [4, 2]);
const data = { inputs, targets: np.array([0, 1, 1, 0], { dtype: "int32" }) };
const augmentation = rotation2d({ samples: 2 });
const evidence = { network, likelihood: categoricalLogits };
const key = random.key(0);
const logDelta = tree.scalar(0, "float64");

/** Each says what it is, and never throws what is not typed. */
const makers: Record<string, (data: EvidenceData, given?: object) => unknown> = {
  laplaceEvidence: (own, given) => laplaceEvidence({ ...evidence, ...given }).fit(weights, own),
  lila: (own, given) => lila({ evidence: { ...evidence, ...given }, data: own }),
  augerino: (own, given) => augerino({ ...evidence, augmentation, data: own, ...given }),
  marginalLikelihood: (own, given) => marginalLikelihood({ ...evidence, ...given }, own),
  invarianceGradient: (own, given) =>
    invarianceGradient({ evidence: { ...evidence, ...given }, data: own, network: weights }),
};

describe.each(Object.entries(makers))("%s", (name, make) => {
  const wrong: [string, unknown, string][] = [
    [
      "no data",
      undefined,
      "data must be { inputs, targets }, two tensors of the same examples, got undefined",
    ],
    ["a tensor", inputs, "data must be { inputs, targets }"],
    ["other names", { x: inputs, y: inputs }, "data.inputs must be a tensor [examples, …], got undefined. Data are { inputs, targets }; this has { x, y }"], // prettier-ignore
    ["plain arrays", { inputs, targets: [0, 1, 1, 0] }, "data.targets must be a tensor [examples, …], got [0, 1, 1, 0]. np.array makes one"], // prettier-ignore
    ["other examples", { inputs, targets: data.targets.slice([0, 3]) }, "must be of the same examples"],
  ];
  test.each(wrong)("%s", (_, own, message) => {
    const made = () => make(own as EvidenceData);
    expect(made).toThrow(UnspoolError);
    expect(made).toThrow(message);
    expect(made).toThrow(name);
  });
  test.each([undefined, "categorical", "gaussian"])("the likelihood %s", (likelihood) => {
    const made = () => make(data, { likelihood });
    expect(made).toThrow(OptionError);
    expect(made).toThrow("likelihood must be gaussianLikelihood, bernoulliLogits or categoricalLogits, got");
    expect(made).toThrow("They are imported objects, not names");
  });
});

test("networks, augmentations and evidences that are none", () => {
  expect(() => laplaceEvidence({ ...evidence, network: undefined as never })).toThrow(
    "network must be a function (theta, inputs, layers)",
  );
  expect(() => laplaceEvidence({ ...evidence, augmentation: rotation2d as never })).toThrow(
    "augmentation must be an augmentation, got function rotation2d. Call it: rotation2d()",
  );
  expect(() => lila({ data } as never)).toThrow("lila: evidence must be the options of laplaceEvidence");
  expect(() => lilaTheta({ evidence: undefined as never }, { network: weights })).toThrow("evidence must be");
});

describe("options that would change nothing", () => {
  type Given = Partial<LaplaceEvidenceOptions<Layer[]>>;
  test.each<[Given, string]>([
    [{ reduceJacobian: true }, 'reduceJacobian must be absent with the structure "kron", got true. It is an option of the structure "full"'], // prettier-ignore
    [{ structure: "diag", reduceJacobian: false }, 'reduceJacobian must be absent with the structure "diag"'],
    [{ structure: "full", gram: true }, 'gram must be absent with the structure "full"'],
  ])("of an evidence: %o", (given, message) => {
    expect(() => laplaceEvidence({ ...evidence, ...given })).toThrow(OptionError);
    expect(() => laplaceEvidence({ ...evidence, ...given })).toThrow(message);
  });
  test("of lila", () => {
    const make = (given: object) => () => lila({ evidence, data, ...given });
    expect(make({ learn: ["logSigma"] })).toThrow('learn must be without "logSigma" for the likelihood');
    expect(make({ learn: ["eta"] })).toThrow('learn must be without "eta" without evidence.augmentation');
    expect(make({ restart: () => weights })).toThrow('restart must be absent with onCollapse "report"');
    expect(make({ learn: ["delta"] })).toThrow('Did you mean "logDelta"?');
    expect(() => lilaTheta({ evidence }, { network: weights, sigma: 2 })).toThrow("sigma must be absent");
    // Differentiating decompositions is for every structure.
    lila({ evidence: { ...evidence, augmentation, structure: "full" }, data, gradient: "direct" });
  });
});

describe("ranges", () => {
  const turned = laplaceEvidence({ ...evidence, augmentation });
  test("of what has none, of another shape, and not finite", () => {
    expect(() => laplaceEvidence(evidence).fit(weights, data, { eta: np.array([0.1]) })).toThrow(
      "laplaceEvidence.fit: eta must be [0] (noAugmentation has no ranges), got float32[1]",
    );
    expect(() => turned.fit(weights, data, { eta: np.zeros([2]) })).toThrow(
      "eta must be [1], the ranges of rotation2d (rotation)",
    );
    expect(() => turned.fit(weights, data, { eta: np.array([NaN]) })).toThrow(NonFiniteError);
    expect(() => turned.fit(weights, data, { eta: np.array([NaN]) })).toThrow("eta is NaN for rotation");
  });
  test("of a theta", () => {
    const options = { evidence: { ...evidence, augmentation }, data };
    expect(() => lilaTheta(options, { network: weights, eta: [NaN] })).toThrow("eta is NaN for rotation");
    expect(() => lilaTheta(options, { network: weights, eta: [0, 0] })).toThrow("eta must be [1]");
    const method = lila(options);
    const theta = lilaTheta(options, { network: weights });
    expect(() => method.init({ ...theta, eta: np.array([Infinity]) }, key)).toThrow("theta.eta is Infinity");
    expect(() => method.init(weights as never, key)).toThrow("theta must be { network, eta, logDelta }");
    const trained = augerino({ ...evidence, augmentation, data });
    expect(() => trained.init({ network: weights, eta: np.array([NaN]) }, key)).toThrow("theta.eta is NaN");
    expect(() => trained.init(weights as never, key)).toThrow("theta must be { network, eta }");
    const slope = invarianceGradient({ ...options, network: weights });
    const wide = { eta: np.zeros([2]), logDelta };
    expect(() => slope.estimate(wide, slope.init(wide, key), key)).toThrow("theta.eta must be [1]");
  });
});

test("the noise of a regression is given, and that of others is not", () => {
  const numbers = { inputs, targets: inputs };
  const regression = { network, likelihood: gaussianLikelihood };
  const objective = marginalLikelihood(regression, numbers, { steps: 1 });
  const silent = () => objective.improve(weights, { logDelta });
  expect(silent).toThrow(OptionError);
  expect(silent).toThrow(
    "marginalLikelihood: logSigma must be a tensor for the likelihood gaussian, got undefined. Without it the noise would stay 1",
  );
  expect(() => objective.logMarginal(weights, {} as never)).toThrow("logDelta must be a tensor");
  expect(() => marginalLikelihood(evidence, data).improve(weights, { logDelta, logSigma: logDelta })).toThrow(
    "logSigma must be undefined for the likelihood categoricalLogits",
  );
  const options = { evidence: regression, data: numbers };
  const { logSigma, ...theta } = lilaTheta(options, { network: weights });
  expect(logSigma!.item()).toBe(0);
  expect(() => lila(options).init(theta, key)).toThrow("lila: theta: logSigma must be a tensor");
  expect(() => marginalLikelihood({ ...evidence, augmentation }, data)).toThrow(
    "augmentation must be one without ranges",
  );
});
