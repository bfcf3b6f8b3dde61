/** W9: a step of design and policy on the mass-spring-damper, 64 trajectories of 100 steps, a policy of 64 tanh units. */
import { type Setup, adam, categoricalPolicy, deps, massSpringDamper, np, random } from "unspool";
import type { Workload } from "./table.ts";

export function design({ hidden, restartEvery }: Workload): Setup {
  const task = massSpringDamper();
  const policy = categoricalPolicy({ observations: 3, actions: 5, hidden: [hidden] });
  const optimizers = { policy: adam({ learningRate: 0.005 }), design: adam({ learningRate: 0.005 }) };
  return {
    theta: { design: np.array([1, 0.9, 0.2, -1, 1]), policy: policy.init(random.key(0)) },
    method: deps({ task, policy, optimizers }),
    steps: restartEvery,
  } as Setup;
}
