/** Gradients through resampling, held against the enumeration of all outcomes of a small model of two states. */
import { expect, test } from "vitest";
import { type Tensor, nn, np, random, valueAndGrad, vmap } from "../../array/index.ts";
import type { Distribution } from "../../distributions/index.ts";
import { compiled } from "../../unroll/index.ts";
import type { StateSpaceModel } from "../stateSpace/stateSpaceModel.ts";
import { particleBound } from "./particleBound.ts";
import type { Proposal } from "./proposals/proposal.ts";
import { multinomial } from "./resampling/multinomial.ts";
import { type ResamplingGradient, resamplingGradients } from "./resamplingScore.ts";
import type { ObservedSeries } from "./series.ts";
import { fixedTwist } from "./twists/fixedTwist.ts";

type Theta = { theta: Tensor; psi: Tensor };

const dtype = "float64";
const log = Math.log;
const logit = (p: number): number => log(p / (1 - p));
/** Bits [1] by their logits: x log p + (1 - x) log(1 - p). */
function bits(logits: Tensor): Distribution {
  const none = (): never => {
    throw new Error("not asked for");
  };
  return {
    name: "bits",
    batchShape: logits.shape.slice(0, -1),
    eventShape: [1],
    isReparameterised: false,
    sample: none,
    logProb: (x) => x.mul(logits).add(nn.logSigmoid(logits.neg())).sum(-1),
    mean: none,
    variance: none,
    entropy: none,
  };
}

/** p(x_0 = 1) = sigma(theta), p(x_t = x_{t-1}) = sigma(theta + 1), p(y = 1 | x) = 0.8 if x = 0 else 0.3. */
const model: StateSpaceModel<Theta> = {
  name: "two states",
  stateSize: 1,
  observationSize: 1,
  init: () => ({ theta: np.zeros([1], { dtype }), psi: np.zeros([], { dtype }) }),
  initial: ({ theta }) => bits(theta),
  transition: ({ theta }, x) => bits(x.mul(2).sub(1).mul(theta.add(1))),
  emission: (_, x) => bits(x.mul(logit(0.3) - logit(0.8)).add(logit(0.8))),
};
const twist = fixedTwist<Theta>((x, _t, _series, { psi }) => x.slice([], 0).mul(psi));

const sequences = (length: number): number[][] =>
  length === 0 ? [[]] : sequences(length - 1).flatMap((rest) => [0, 1].map((bit) => [...rest, bit]));
/** 2^6 draws of K = 2 particles at T = 3 steps, and 2^4 of ancestors after the first two. */
const outcomes = sequences(10);
const draws = np
  .array(
    outcomes.map((bit) => bit.slice(0, 6)),
    { dtype },
  )
  .reshape([1024, 3, 2, 1]);
const ancestors = np
  .array(
    outcomes.map((bit) => bit.slice(6)),
    { dtype: "int32" },
  )
  .reshape([1024, 2, 2]);

/** Of every outcome: its probability, log Z, Z, and the gradient by theta and psi, [1024, 5]. */
const programs = Object.fromEntries(
  resamplingGradients.map((treatment) => [
    treatment,
    compiled(treatment, (own: Theta, y: Tensor, x: Tensor, places: Tensor) =>
      vmap((drawn: Tensor, chosen: Tensor) => outcomeOf(treatment, own, { y }, drawn, chosen))(x, places),
    ),
  ]),
);

function outcomeOf(
  treatment: ResamplingGradient,
  own: Theta,
  series: ObservedSeries,
  drawn: Tensor,
  chosen: Tensor,
): Tensor {
  let calls = 0;
  const proposal: Proposal<Theta, object, { drawn: Tensor }> = {
    name: "enumerated",
    init: () => ({}),
    rows: () => ({ drawn }),
    // Each state with probability 1/2, which has no parameters: nothing of it is to be credited.
    propose: (_, { row }) => ({
      ...bits(np.zeros([1], { dtype })),
      isReparameterised: true,
      sample: () => row.drawn,
    }),
  };
  // Called for the first step, and once for the others inside of the loop, of which the last does not resample.
  const ancestorsOf = (): Tensor => chosen.slice(calls++ === 0 ? 0 : 1);
  const bound = particleBound({
    ...{ model, proposal, twist, particles: 2, criterion: "always" as const },
    resampler: { ...multinomial(), ancestors: ancestorsOf },
    resamplingGradient: treatment,
  });
  const fresh = <Out>(run: () => Out): Out => {
    calls = 0;
    return run();
  };
  const theta = (from: Theta) => ({ model: from, proposal: {}, twist: {} });
  const [logEvidence, gradient] = valueAndGrad((from: Theta) =>
    fresh(() => bound.logEvidence(theta(from), series, random.key(0))),
  )(own);
  const { logAncestors } = fresh(() => bound.sweep(theta(own), series, random.key(0)));
  const probability = (np.exp(logAncestors.sum()) as Tensor).mul(1 / 64);
  const parts = [probability, logEvidence, np.exp(logEvidence) as Tensor, gradient.theta.sum(), gradient.psi];
  return np.stack(parts) as Tensor;
}

function enumerated(treatment: ResamplingGradient, y: readonly number[], at: Theta) {
  const { data } = programs[treatment]!(at, np.array(y, { dtype }).reshape([3, 1]), draws, ancestors);
  const rows = outcomes.map((_, i) => Array.from(data.subarray(5 * i, 5 * i + 5), Number));
  const mean = (part: number): number => rows.reduce((sum, row) => sum + row[0]! * row[part]!, 0);
  const total = rows.reduce((sum, row) => sum + row[0]!, 0);
  return { total, logZ: mean(1), z: mean(2), theta: mean(3), psi: mean(4) };
}

// All 1024 outcomes enumerated in NumPy with float64: E log Z, its true gradient, the mean of mode "none".
const cases = [
  [0.4, 0, [1, 0, 1], -2.576200778958686, [-0.49717305516, 0.008461068663], [-0.543287790642, 0]],
  [
    0.4,
    0.5,
    [1, 0, 1],
    -2.585878197948763,
    [-0.493834389262, -0.046612087343],
    [-0.500439206802, 0.030302936237],
  ],
  [
    -0.3,
    -0.7,
    [0, 0, 1],
    -2.591925497614913,
    [0.006325334765, 0.095469762312],
    [-0.092479575157, -0.067910326404],
  ],
  [
    0.4,
    -1,
    [1, 0, 1],
    -2.639186274882903,
    [-0.527559428158, 0.111022020781],
    [-0.593709456522, -0.057578293302],
  ],
] as const;

test.each(cases)("theta %s, psi %s, y %s", { tags: ["long"] }, (theta, psi, y, logZ, truth, none) => {
  const at = { theta: np.array([theta], { dtype }), psi: np.array(psi, { dtype }) };
  for (const treatment of resamplingGradients) {
    const found = enumerated(treatment, y, at);
    expect(found.total).toBeCloseTo(1, 12);
    expect(found.logZ).toBeCloseTo(logZ, 12);
    const [byTheta, byPsi] = treatment === "none" ? none : truth;
    expect(found.theta).toBeCloseTo(byTheta, 10);
    expect(found.psi).toBeCloseTo(byPsi, 10);
    // log p(1, 0, 1) at theta = 0.4, by summing over the 8 trajectories.
    if (theta === 0.4) expect(log(found.z)).toBeCloseTo(-2.3120370976945246, 12);
  }
  // Without the score the derivative by the twist points the wrong way in all three cases with one.
  if (psi !== 0) expect(Math.sign(none[1])).toBe(-Math.sign(truth[1]));
});
