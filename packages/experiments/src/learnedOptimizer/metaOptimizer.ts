/** What follows the gradient of a learned optimizer's parameters, and the fields of a config that say how. */
import { type Optimizer, adamw, clipByValue, cosineDecay, learnedOptimizerNames } from "unspool";
import { z } from "zod";

export interface MetaOptimizerFields {
  architecture: z.ZodDefault<z.ZodEnum<Record<string, string>>>;
  steps: z.ZodDefault<z.ZodInt>;
  outerLearningRate: z.ZodDefault<z.ZodNumber>;
  outerSchedule: z.ZodDefault<z.ZodEnum<{ cosine: "cosine"; constant: "constant" }>>;
  outerWeightDecay: z.ZodDefault<z.ZodNumber>;
  outerClip: z.ZodDefault<z.ZodNumber>;
}

/** The architecture of a learned optimizer and its training, with the defaults of an experiment. */
export function metaOptimizerFields(
  defaults: Pick<MetaOptimizerSettings, "steps" | "outerLearningRate" | "outerWeightDecay">,
): MetaOptimizerFields {
  return {
    architecture: z
      .enum(learnedOptimizerNames as [string, ...string[]])
      .default("star")
      .describe("learned optimizer"),
    steps: z.int().min(1).default(defaults.steps).describe("outer steps"),
    outerLearningRate: z
      .number()
      .positive()
      .default(defaults.outerLearningRate)
      .describe("of Adam on the parameters of the optimizer"),
    outerSchedule: z
      .enum(["cosine", "constant"])
      .default("cosine")
      .describe("of that learning rate: falling to 0 over the outer steps, or the same"),
    outerWeightDecay: z
      .number()
      .min(0)
      .default(defaults.outerWeightDecay)
      .describe("of the parameters of the optimizer"),
    outerClip: z.number().positive().default(3).describe("largest element of the gradient"),
  };
}

export interface MetaOptimizerSettings {
  outerLearningRate: number;
  outerSchedule: "cosine" | "constant";
  outerWeightDecay: number;
  outerClip: number;
  /** Outer steps. */
  steps: number;
}

/** Adam with decoupled weight decay on gradients with limited elements. */
export function metaOptimizer(settings: MetaOptimizerSettings): Optimizer {
  const { outerLearningRate: from, outerSchedule, outerWeightDecay, outerClip, steps } = settings;
  const learningRate = outerSchedule === "cosine" ? cosineDecay({ from, steps }) : from;
  const inner = adamw({ learningRate, weightDecay: outerWeightDecay });
  return clipByValue(inner, { maxAbs: outerClip });
}
