/** Options of PPO, checked. */
import { OptionError, requireInteger, requireKnownOptions } from "../../errors.ts";
import { type Optimizer, adam, clipByGlobalNorm, requireOptimizer } from "../../optimizers/index.ts";
import type { DesignPolicy } from "../design/policies/policy.ts";
import type { Environment, Policy } from "../environments/environment.ts";
import { type Critic, type CriticOptions, critic } from "./critic.ts";
import { randomPolicy } from "./randomPolicy.ts";
import { type SegmentPlayer, segmentPlayer } from "./segmentPlayer.ts";
import { type DiscountOptions, discountsOf } from "./segmentRecord.ts";

export interface PpoOptions<Theta> extends DiscountOptions {
  /** A traced environment. */
  environment: Environment;
  /** A policy with a density: `gaussianPolicy`, `categoricalPolicy`, `linearFeedback`, or one of your own. */
  policy: DesignPolicy<Theta>;
  /** Environments that are played side by side. Default 8. */
  samplers?: number;
  /** Steps that each plays in an outer step, at most. Default 256. */
  steps?: number;
  /**
   * Steps of a program. An episode that ends within one leaves its rest unused, and a new one begins with the next.
   * Default 32.
   */
  segmentLength?: number;
  /** Passes over what was played. Default 10. */
  epochs?: number;
  /** Steps of a batch. Default 64. */
  batch?: number;
  /** eps. Default 0.2. */
  clip?: number;
  /** Weight of the policy's entropy. Default 0. */
  entropy?: number;
  /** Default `clipByGlobalNorm(adam({ learningRate: 3e-4 }), { maxNorm: 0.5 })`. */
  optimizer?: Optimizer;
  /** The critic; its epochs and batch are those above. Default: two layers of 64, Adam at 3e-4. */
  critic?: Omit<CriticOptions, "epochs" | "batch">;
}

export interface PpoParts<Theta> {
  environment: Environment;
  policy: DesignPolicy<Theta>;
  /** What is played. */
  acting: Policy<Theta>;
  player: SegmentPlayer<Theta>;
  critic: Critic;
  optimizer: Optimizer;
  /** Of each sampler per outer step. */
  segments: number;
  factors: Required<DiscountOptions>;
  numbers: Record<"samplers" | "steps" | "segmentLength" | "epochs" | "batch" | "clip" | "entropy", number>;
}

const names = [
  ...["environment", "policy", "optimizer", "critic", "discount", "lambda"],
  ...["samplers", "steps", "segmentLength", "epochs", "batch", "clip", "entropy"],
] as readonly (keyof PpoOptions<unknown>)[];

/** Throws `OptionError` for what cannot be. */
export function ppoParts<Theta>(where: string, options: PpoOptions<Theta>): PpoParts<Theta> {
  requireKnownOptions(where, options, names);
  const { environment, policy, samplers = 8, steps = 256, segmentLength = 32, epochs = 10 } = options;
  const { batch = 64, clip = 0.2, entropy = 0 } = options;
  requirePlayable(where, options);
  for (const [name, value] of Object.entries({ samplers, steps, segmentLength, epochs, batch }))
    requireInteger(where, name, value, 1);
  if (steps % segmentLength !== 0)
    throw new OptionError(where, "steps", steps, `a multiple of segmentLength, ${segmentLength}`);
  if (!(clip > 0 && clip < 1)) throw new OptionError(where, "clip", clip, "between 0 and 1");
  if (!(Number.isFinite(entropy) && entropy >= 0))
    throw new OptionError(where, "entropy", entropy, "a finite number of at least 0");
  if (entropy > 0 && policy.entropy === undefined)
    throw new OptionError(where, "entropy", entropy, `0 for "${policy.name}", which has no entropy`);
  const { discount, lambda } = options;
  const optimizer = options.optimizer ?? clipByGlobalNorm(adam({ learningRate: 3e-4 }), { maxNorm: 0.5 });
  requireOptimizer(where, optimizer, "optimizer");
  const acting = randomPolicy(environment, policy);
  return {
    ...{ environment, policy, acting, optimizer, segments: steps / segmentLength },
    player: segmentPlayer(environment, acting, { samplers, segmentLength }),
    critic: critic(where, {
      optimizer: adam({ learningRate: 3e-4 }),
      ...options.critic,
      ...{ epochs: 1, batch },
    }),
    factors: discountsOf(where, {
      ...(discount !== undefined && { discount }),
      ...(lambda !== undefined && { lambda }),
    }),
    numbers: { samplers, steps, segmentLength, epochs, batch, clip, entropy },
  };
}

function requirePlayable<Theta>(where: string, { environment, policy }: PpoOptions<Theta>): void {
  if (environment?.isTraceable !== true)
    throw new OptionError(
      where,
      "environment",
      environment,
      "a traced environment",
      "Make one by defineEnvironment.",
    );
  const { actionSpace, name } = environment;
  if (typeof policy?.logProb === "function" && typeof policy.sample === "function") {
    const { actions } = policy;
    if (actionSpace.kind === "box" || actions === undefined || actions === actionSpace.count) return;
    const allowed = `one of the ${actionSpace.count} choices of "${name}"`;
    throw new OptionError(where, "policy", `${policy.name} with ${actions}`, allowed);
  }
  throw new OptionError(
    where,
    "policy",
    policy,
    "a policy with sample and logProb",
    "Make one by gaussianPolicy or categoricalPolicy.",
  );
}
