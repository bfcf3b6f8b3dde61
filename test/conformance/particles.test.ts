/** Particle methods through the conformance suite of methods. */
import { describe, test } from "vitest";
import {
  adam,
  affineProposal,
  bootstrap,
  descent,
  driftSeries,
  gaussianDrift,
  particleBound,
  particleBoundEstimator,
  quadraticMlpTwist,
  random,
  sgd,
  sixo,
} from "unspool";
import { methodConformance } from "unspool/conformance";

const model = gaussianDrift();
const data = driftSeries([1, -2, 0.5], 3);
const twist = quadraticMlpTwist({
  ...{ steps: 3, stateSize: 1, observationSize: 1, hidden: [3] },
  standardise: "running",
});
const alternating = {
  ...{ model, proposal: affineProposal({ steps: 3, stateSize: 1 }), twist, particles: 3 },
  criterion: "always" as const,
};
const joint = { model, proposal: bootstrap(), particles: 3 };

const checks = [
  ...methodConformance({
    name: "sixo",
    create: () =>
      sixo({
        ...{ ...alternating, data, batch: 2, twistBatch: 4, modelSteps: 4, twistSteps: 4 },
        optimizers: { model: sgd(), twist: adam() },
      }),
    theta: () => particleBound(alternating).init(random.key(0)),
    // A row of each party, and the first step of the next.
    steps: 9,
  }),
  ...methodConformance({
    name: "descent of a particle bound",
    create: () => descent(particleBoundEstimator({ ...joint, data, batch: 2 }), adam()),
    theta: () => particleBound(joint).init(random.key(0)),
    steps: 3,
  }),
];

describe("particles", () => {
  test.each(checks.map((check) => [check.name, check.run] as const))("%s", (_, run) => run());
});
