/** Unspool as a contestant: its public library, compiled, as many outer updates per call as it takes. */
import { type Setup, type TrainState, compiledExecutor, initTraining, random, trainSteps } from "unspool";
import type { Runner } from "./contestant.ts";
import { annealingRunner } from "./workloads/annealing.ts";
import { cartPoleRunner } from "./workloads/cartPole.ts";
import { design } from "./workloads/design.ts";
import { distillation } from "./workloads/distillation.ts";
import { evidence } from "./workloads/evidence.ts";
import { filteringRunner } from "./workloads/filtering.ts";
import { influence } from "./workloads/influence.ts";
import { learnedOptimizer } from "./workloads/learnedOptimizer.ts";
import { lstm } from "./workloads/lstm.ts";
import { mlp } from "./workloads/mlp.ts";
import { sixo } from "./workloads/sixo.ts";
import { quantum } from "./workloads/quantum.ts";
import { subspace } from "./workloads/subspace.ts";
import type { Workload } from "./workloads/table.ts";
import { toy } from "./workloads/toy.ts";

const setups = {
  influence,
  toy,
  mlp,
  learnedOptimizer,
  lstm,
  distillation,
  subspace,
  evidence,
  design,
  sixo,
  quantum,
};

export function makeRunner(workload: Workload, threads: number): Runner | undefined {
  // A program without units to share: one thread is all it uses.
  const unshared = ["distillation", "design", "sixo", "quantum", "annealing", "filtering"];
  if (unshared.includes(workload.kind) && threads > 1) return undefined;
  if (workload.kind === "cartPole") return cartPoleRunner(compiledExecutor({ threads }));
  if (workload.kind === "annealing") return annealingRunner(workload);
  if (workload.kind === "filtering") return filteringRunner();
  const setup: Setup = setups[workload.kind](workload, compiledExecutor({ threads }));
  const start = initTraining(setup, random.key(0));
  let state: TrainState = start;
  return {
    run(updates) {
      for (let left = updates; left > 0;) {
        if (state.step >= workload.restartEvery) state = start;
        const count = Math.min(left, workload.restartEvery - state.step);
        const done = trainSteps(setup, state, count);
        state = done.state;
        left -= done.records.length;
      }
    },
  };
}
