/** What ZOAC's programs compute, for the recipe of a run. */
import { random, tree } from "../../array/index.ts";
import { type Json, programFingerprint } from "../../methods/index.ts";
import { spaceSize } from "../environments/space.ts";
import type { Environment, Policy } from "../environments/environment.ts";
import type { ZoacParts } from "./zoacOptions.ts";

/** One step of policy and environment, if that can be traced, and one of the critic's optimizer, with the numbers in them. */
export function programRecipe<Theta>(
  { environment, policy, critic }: Pick<ZoacParts<Theta>, "environment" | "policy" | "critic">,
  theta: Theta,
): Record<string, Json> {
  const key = random.key(0);
  const found = environment.isTraceable ? stepRecipe(environment, policy, theta) : {};
  if (critic === undefined) return found;
  const layers = critic.init(key, spaceSize(environment.observationSpace));
  const update = (weights: typeof layers.layers, own: typeof layers.optimizer) =>
    critic.optimizer.update(weights, own, weights);
  const learned = programFingerprint("critic", update, [layers.layers, layers.optimizer]);
  return { ...found, critic: learned.program, criticNumbers: learned.numbers };
}

function stepRecipe<Theta>(
  environment: Environment,
  policy: Policy<Theta>,
  theta: Theta,
): Record<string, Json> {
  const key = random.key(0);
  const step = (at: Theta, own: typeof key) => {
    const state = environment.reset(own);
    return environment.step(state, policy.act(at, environment.observe(state), own), own);
  };
  const played = programFingerprint("zoac", step, [tree.tensors(theta), key]);
  return { step: played.program, stepNumbers: played.numbers };
}
