/**
 * W12: annealed importance sampling of a thousand chains in the plane to p²/q, p nine normals, ten levels of HMC with five
 * leapfrog steps; q a normal, whose chains are all there is to compute, or a RealNVP of eight couplings with 32, 32 units.
 */
import {
  type FlowParams,
  type Key,
  ais,
  compiled,
  defineFlow,
  gaussianBase,
  gmm9,
  hmc,
  random,
  realNvp,
} from "unspool";
import type { Runner } from "../contestant.ts";
import type { Workload } from "./table.ts";

const [chains, levels] = [1000, 10];

/** One update is a batch of chains from fresh points of q. */
export function annealingRunner({ hidden }: Workload): Runner {
  const flow =
    hidden === 0
      ? defineFlow({ name: "normal", base: gaussianBase({ dim: 2 }), bijectors: [] })
      : realNvp({ dim: 2, layers: 4, hidden: [hidden, hidden] });
  const target = gmm9();
  const sampler = ais({ levels, transition: hmc({ stepSize: 0.3, isTuned: false }) });
  const run = compiled("annealing", (theta: FlowParams, key: Key) =>
    sampler.run({
      start: flow.sampleAndLogProb(theta, random.foldIn(key, "start"), chains),
      logQ: (x) => flow.logProb(theta, x),
      logP: target.logDensity,
      state: sampler.init(),
      key,
    }),
  );
  const theta = flow.init(random.key(0));
  let batch = 0;
  return {
    run(updates) {
      for (let i = 0; i < updates; i++) run(theta, random.foldIn(random.key(1), batch++));
    },
  };
}
