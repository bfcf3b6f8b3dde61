/**
 * What `diagnose` recommends, tested: on each shipped problem a run with the recommended setting, from another seed,
 * reaches a loss within 10 % of the best of all estimators for the same number of inner steps.
 */
import { experiments } from "@unspool/experiments";
import { describe, expect, test } from "vitest";
import { type Diagnosis, type Setup, diagnose, random, tree, trialRun, trialSettings } from "unspool";

/** Experiments whose run is long are judged on shorter ones. */
const budgets: Readonly<Record<string, number>> = {
  "mnist-mixed": 30_000,
};

/** The gain of a run that ends at a loss of 0 is exact to this share. */
const exact = 1e-4;

interface Judged {
  setup: Setup;
  diagnosis: Diagnosis;
  /** Losses by estimator, from another seed, at equal inner steps. */
  losses: Record<string, number>;
  recommended: number;
}

async function judge(name: string, config: object = {}): Promise<Judged | undefined> {
  const experiment = experiments.find((one) => one.name === name)!;
  const setup = await experiment.setup(experiment.config.parse(config), random.key(0));
  const { inner } = setup;
  if (inner === undefined) return undefined;
  const innerSteps = budgets[name];
  const diagnosis = diagnose(setup, { key: random.key(0), ...(innerSteps !== undefined && { innerSteps }) });
  const options = {
    innerSteps: diagnosis.innerSteps,
    outerSteps: Math.max(setup.steps, 3000),
    key: random.key(1),
    evaluationKey: random.key(2),
  };
  const all = trialSettings(inner, {
    isDeterministic: diagnosis.isDeterministic,
    thetaSize: tree.size(setup.theta),
  });
  const losses = Object.fromEntries(
    all.map((setting) => [setting.estimator, trialRun(setup, inner, setting, options).loss]),
  );
  const recommended = trialRun(setup, inner, diagnosis.recommended!, options).loss;
  const { regime, usableHorizon, recommended: setting } = diagnosis;
  console.log(`${name}: ${JSON.stringify({ regime, usableHorizon, setting, recommended, losses })}`);
  return { setup, diagnosis, losses, recommended };
}

/** Experiments whose steps are not estimates of the gradient of an inner problem. */
const withoutInner = [
  "loaded-dice",
  "lookahead-quadratic",
  "sharp-training",
  "compressed-training",
  "neuron-descent",
  "autoencoder-training",
];

const names = experiments.map(({ name }) => name);

test.each(names)("%s: the recommended setting is within a tenth of the best estimator", async (name) => {
  const judged = await judge(name);
  if (judged === undefined) {
    // Their gradients are not those of inner problems.
    expect(withoutInner).toContain(name);
    return;
  }
  const { recommended, losses, diagnosis } = judged;
  const best = Math.min(recommended, ...Object.values(losses));
  const gain = Math.abs(diagnosis.recommendation.initialLoss - best);
  expect(recommended).toBeLessThanOrEqual(best + 0.1 * Math.abs(best) + exact * gain);
});

describe("what is said", () => {
  test("toy-regression: gradients explode at the theta (1, 1), and an ES type is named", async () => {
    const { diagnosis } = (await judge("toy-regression", { theta: [1, 1] }))!;
    expect(diagnosis.regime).toBe("exploding");
    expect(diagnosis.isFromStart).toBe(true);
    expect(diagnosis.verdict[0]).toContain("Gradients explode at the first theta");
    expect(["nres", "pes", "fullEs", "gpes"]).toContain(diagnosis.recommended?.estimator);
  });
  test("toy-regression: from its own theta they explode on the way, and an ES type is named", async () => {
    const { diagnosis } = (await judge("toy-regression"))!;
    expect(diagnosis.regime).toBe("exploding");
    expect(diagnosis.verdict[0]).toContain("Gradients explode");
    expect(["nres", "pes", "fullEs", "gpes"]).toContain(diagnosis.recommended?.estimator);
  });
});
