/** Methods that play episodes: actor-critics without gradients, PPO, and designs with their controllers. */
import { describe, test } from "vitest";
import {
  cartPole,
  cmaEs,
  categoricalPolicy,
  deps,
  gridSearch,
  initJodc,
  jodc,
  linearFeedback,
  linearGaussianDesign,
  linearPolicy,
  nestedSearch,
  np,
  ppo,
  random,
  boxSpace,
  filteredPolicy,
  linearSimulated,
  simulatedEnvironment,
  simulatedSamplers,
  zoac,
  zoacSearch,
} from "unspool";
import { methodConformance } from "unspool/conformance";

/** Methods whose theta is a policy, with episodes that go on from step to step. */
describe("methods without gradients in an environment", () => {
  const environment = cartPole();
  const policy = linearPolicy(environment);
  const likely = categoricalPolicy({ observations: 4, actions: 2, hidden: [3] });
  const parts = { environment, policy, samplers: 4, segmentLength: 6, critic: { hidden: [4], epochs: 2 } };
  const checks = [
    ...methodConformance({
      name: "zoac",
      create: () => zoac({ ...parts, segments: 2, elitism: 0.5, isAntithetic: true }),
      theta: () => policy.init(random.key(0)),
      steps: 4,
    }),
    ...methodConformance({
      name: "ppo",
      create: () =>
        ppo({ environment, policy: likely, samplers: 2, steps: 8, segmentLength: 4, epochs: 2, batch: 8 }),
      theta: () => likely.init(random.key(0)),
      steps: 4,
    }),
    ...methodConformance({
      name: "zoacSearch of cmaEs",
      create: () => zoacSearch({ ...parts, search: cmaEs({ population: 8 }) }),
      theta: () => policy.init(random.key(0)),
      steps: 4,
    }),
  ];
  test.each(checks.map((check) => [check.name, check.run] as const))("%s", (_, run) => run());
});

describe("zoac of simulators in plain code, through a filter", async () => {
  const environment = simulatedEnvironment({
    ...{ name: "walk", observationSpace: boxSpace({ shape: [2] }), actionSpace: boxSpace({ shape: [1] }) },
    timeLimit: 9,
    create() {
      let [x, v] = [0, 0];
      return {
        reset: (draws) => ([x, v] = [draws.normal(), 0]),
        step([push]) {
          [x, v] = [x + 0.1 * v, v + push!];
          return { observation: [x, v], reward: -Math.abs(x), terminated: Math.abs(x) > 3 };
        },
      };
    },
  });
  const acting = linearSimulated({ observationSize: 2, actionSize: 1 });
  const simulators = await simulatedSamplers({ environment, policy: acting, samplers: 3 });
  const policy = filteredPolicy(linearPolicy(simulators), { observationSize: 2, clip: 10 });
  const parts = { environment: simulators, policy, segmentLength: 4, segments: 2 };
  const checks = methodConformance({
    name: "zoac",
    create: () => zoac({ ...parts, critic: { hidden: [4], epochs: 1 } }),
    theta: () => policy.init(random.key(0)),
    steps: 4,
  });
  test.each(checks.map((check) => [check.name, check.run] as const))("%s", (_, run) => run());
});

describe("methods that size a system with its controller", () => {
  const task = linearGaussianDesign();
  const policy = linearFeedback({ gain: [[-0.2]], deviation: 0.3 });
  const parts = { task, policy, batch: 8 };
  const checks = [
    ...methodConformance({
      name: "deps",
      create: () => deps({ ...parts, measuresScoreShare: true }),
      theta: () => ({ design: np.array([0.9]), policy: policy.init(random.key(0)) }),
      steps: 3,
    }),
    ...(["ppo", "reinforce"] as const).flatMap((policyUpdate) =>
      methodConformance({
        name: `jodc by ${policyUpdate}`,
        create: () => jodc({ ...parts, policyUpdate }),
        theta: () => initJodc(parts, random.key(0)),
        steps: 3,
      }),
    ),
    ...methodConformance({
      name: "nestedSearch of a trained policy",
      create: () =>
        nestedSearch({ task, outer: gridSearch({ population: 2 }), inner: { policy, batch: 8, steps: 2 } }),
      theta: () => np.array([0.9]),
      steps: 3,
    }),
  ];
  test.each(checks.map((check) => [check.name, check.run] as const))("%s", (_, run) => run());
});
