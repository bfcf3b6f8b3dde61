/** Options that do not fit each other, one by one. */
import { expect, test } from "vitest";
import { np, random } from "../../array/index.ts";
import { NonFiniteError, OptionError } from "../../errors.ts";
import { driftSeries, gaussianDrift } from "../stateSpace/gaussianDrift.ts";
import { particleBound } from "./particleBound.ts";
import { particleBoundEstimator } from "./particleBoundEstimator.ts";
import { affineProposal } from "./proposals/affineProposal.ts";
import { bootstrap } from "./proposals/bootstrap.ts";
import { sixo } from "./sixo.ts";
import { affineGaussianTwist } from "./twists/affineGaussianTwist.ts";
import { fixedTwist } from "./twists/fixedTwist.ts";
import { twistTrainer } from "./twistTrainer.ts";

const model = gaussianDrift();
const proposal = bootstrap();
const twist = affineGaussianTwist({ steps: 4, stateSize: 1 });
const parts = { model, proposal };
const data = driftSeries([1, 2, 3], 4);

test.each([
  ["no particles", { ...parts, particles: 0 }, /particles must be an integer of at least 1, got 0/],
  ["half a particle", { ...parts, particles: 2.5 }, /particles must be an integer of at least 1, got 2.5/],
  [
    "a twist that is not used",
    { ...parts, twist, bound: "fivo" },
    /twist must be left out with bound "fivo", got "affineGaussian". The bound that uses a twist is "sixo"/,
  ],
  ["no twist", { ...parts, bound: "sixo" }, /twist must be given with bound "sixo"/],
  ["an unknown bound", { ...parts, bound: "sixoo" }, /Did you mean "sixo"/],
  [
    "an ELBO of several particles",
    { ...parts, bound: "elbo", particles: 4 },
    /particles must be 1 with bound "elbo"/,
  ],
  [
    "IWAE that resamples",
    { ...parts, bound: "iwae", criterion: "always" },
    /criterion must be "never" with bound "iwae"/,
  ],
  [
    "an essFraction of nothing",
    { ...parts, criterion: "always", essFraction: 0.2 },
    /essFraction must be left out/,
  ],
  [
    "a score of systematic draws",
    { ...parts, resampler: "systematic", resamplingGradient: "scoreFunction" },
    /resamplingGradient must be "none" with this resampler/,
  ],
  [
    "an unknown treatment",
    { ...parts, resamplingGradient: "score" },
    /resamplingGradient must be one of "none", "scoreFunction"/,
  ],
  ["a misspelt option", { ...parts, partcles: 4 }, /Did you mean "particles"/],
  ["no model", { proposal }, /model must be a state-space model, got undefined/],
  [
    "half a proposal",
    { model, proposal: { init: () => ({}) } },
    /proposal must be a proposal.*It has no function propose/,
  ],
])("%s", (_, options, message) => {
  expect(() => particleBound(options as never)).toThrow(message);
});

test("what is allowed and may not be meant is told", () => {
  const warnings: string[] = [];
  const own = { ...parts, resamplingGradient: "scoreFunctionRaoBlackwell" as const };
  particleBound({ ...own, criterion: "ess", onWarning: (text) => warnings.push(text) });
  expect(warnings).toEqual([
    'particleBound: resamplingGradient "scoreFunctionRaoBlackwell" is biased where the criterion looks at the weights, as ' +
      '"ess" does. It is unbiased with criterion "always".',
  ]);
  particleBound({ ...own, criterion: "always", onWarning: (text) => warnings.push(text) });
  expect(warnings).toHaveLength(1);
});

test("a twist does not learn by the bound without the score of what is resampled", () => {
  const own = { ...parts, twist, data, learns: ["model", "twist"] as const };
  expect(() => particleBoundEstimator(own)).toThrow(
    /resamplingGradient must be "scoreFunctionRaoBlackwell".*wrong sign.*allowsBiasedTwistGradient: true/,
  );
  expect(() => particleBoundEstimator({ ...own, allowsBiasedTwistGradient: true })).not.toThrow();
  const fixed = fixedTwist((x) => x.sum(-1));
  expect(() => particleBoundEstimator({ ...own, twist: fixed })).toThrow(/learns must be without "twist"/);
  expect(() => particleBoundEstimator({ ...own, learns: ["psi"] as never })).toThrow(/learns must be a list/);
});

test("data that do not fit are refused", () => {
  expect(() => particleBoundEstimator({ ...parts, data: { y: np.zeros([4, 2]) } })).toThrow(
    /y must be \[T, 1\], or/,
  );
  expect(() =>
    particleBoundEstimator({ ...parts, data: { ...data, observed: np.ones([4], { dtype: "bool" }) } }),
  ).toThrow(/observed must be \[3, 4\]/);
  expect(() => particleBoundEstimator({ ...parts, data: driftSeries(1, 4), batch: 2 })).toThrow(
    /batch must be left out/,
  );
});

test("a twist or proposal of another length than the series", () => {
  const estimator = particleBoundEstimator({ ...parts, twist, data: driftSeries(1, 6) });
  const theta = particleBound({ ...parts, twist }).init(random.key(0));
  expect(() => estimator.estimate(theta, {}, random.key(0))).toThrow(
    /of the twist "affineGaussian" must have the 6 steps of the series.*got .*float32\[4,1\]/,
  );
  const affine = affineProposal({ steps: 5, stateSize: 1 });
  const bound = particleBound({ model, proposal: affine });
  expect(() => bound.sweep(bound.init(random.key(0)), driftSeries(1, 6), random.key(0))).toThrow(
    /of the proposal "affineProposal" must have the 6 steps/,
  );
});

test("density ratios need a twist that learns and a model that can be simulated", () => {
  const own = { ...parts, data: driftSeries(1, 4) };
  expect(() => sixo({ ...own, twist: fixedTwist((x) => x.sum(-1)) })).toThrow(
    /twist must be one with parameters.*got "fixed"/,
  );
  expect(() => sixo(own as never)).toThrow(/twist must be a twist, got undefined/);
  expect(() => sixo({ ...own, twist, resamplingGradient: "scoreFunction" })).toThrow(
    /resamplingGradient must be "none" here/,
  );
  expect(() => sixo({ ...own, twist, twistSteps: 0 })).toThrow(/twistSteps must be an integer of at least 1/);
  const mute = {
    ...model,
    emission: (...args: Parameters<typeof model.emission>) => ({
      ...model.emission(...args),
      sample: undefined as never,
    }),
  };
  const theta = particleBound({ ...parts, twist }).init(random.key(0));
  expect(() => sixo({ ...own, model: mute, twist }).init(theta, random.key(0))).toThrow(
    /model must be one whose distributions have a function sample, got "emission: diagonalNormal"/,
  );
  const trained = (given: object) => () => twistTrainer({ model, twist, steps: 4, ...given } as never);
  expect(() => twistTrainer(undefined as never)).toThrow(/twistTrainer: options must be a record/);
  expect(trained({})).toThrow(/modelTheta must be parameters of the model, got undefined/);
  expect(trained({ modelTheta: theta.model, observed: [true] })).toThrow(
    /observed must be a bool tensor \[4\]/,
  );
  expect(() => twistTrainer({ model: mute, modelTheta: theta.model, twist, steps: 4 })).toThrow(
    /a function sample/,
  );
});

test("data that are not one series of known names are refused before anything is computed", () => {
  const bound = particleBound({ ...parts, particles: 4 });
  const theta = bound.init(random.key(0));
  const log = (given: object): number =>
    bound.logEvidence(theta, { y: np.ones([4, 1]), ...given }, random.key(1)).item();
  const steps = (value: number, dtype: "int32" | "float32" = "int32") => np.array(value, { dtype });
  // With as many steps as particles a stack was broadcast to one plausible number.
  expect(() => log({ y: np.ones([2, 4, 1]) })).toThrow("one series, got a stack of 2");
  expect(() => log({ y: np.ones([4]) })).toThrow("y must be [T, 1]");
  expect(() => log({ observd: np.ones([4], { dtype: "bool" }) })).toThrow('Did you mean "observed"?');
  for (const wrong of [steps(0), steps(-1), steps(5), steps(2.5, "float32")])
    expect(() => log({ steps: wrong })).toThrow(
      "data.steps must be a whole number from 1 to the 4 steps of y",
    );
  for (const given of [{ y: [[1], [2]] }, { observed: [true, true, true, true] }])
    expect(() => log(given)).toThrow(OptionError);
  const gap = np.array([[1], [NaN], [2], [3]]); // prettier-ignore
  const mask = (...seen: boolean[]) => np.array(seen, { dtype: "bool" });
  expect(() => log({ y: gap })).toThrow("data.y of step 1, element 0, is NaN. Where nothing was observed");
  expect(() => log({ y: gap, observed: mask(false, true, true, true) })).toThrow(NonFiniteError);
  expect(log({ y: gap, observed: mask(true, false, true, true) })).toBeLessThan(0);
  expect(log({ y: gap, steps: steps(1) })).toBeLessThan(0);
  const stack = { y: np.stack([np.ones([4, 1]), gap]), steps: np.array([4, 2], { dtype: "int32" }) };
  expect(() => particleBoundEstimator({ ...parts, data: stack })).toThrow("data.y of step 1 of series 1,");
  const shorter = { ...stack, steps: np.array([4, 1], { dtype: "int32" }) };
  expect(() => particleBoundEstimator({ ...parts, data: shorter })).not.toThrow();
  const plain: unknown = 3;
  expect(() => log({ steps: plain })).toThrow("data.steps must be a tensor");
  expect(log({ steps: steps(2) })).toBe(
    log({ observed: np.array([true, true, false, false], { dtype: "bool" }), x: np.zeros([4, 1]) }),
  );
});
