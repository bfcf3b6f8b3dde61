/** What moves the parameters of a state, as configs of quantum experiments name it. */
import { type Optimizer, type QuantumRule, adam, qngd, qpmd, sgd } from "unspool";
import { z } from "zod";

export const methodNames: readonly ["natural", "natural-adam", "mirror", "adam", "sgd"] = [
  "natural",
  "natural-adam",
  "mirror",
  "adam",
  "sgd",
];
export type MethodName = (typeof methodNames)[number];

/** Rates that are good at four qubits. */
const rates: Record<MethodName, number> = {
  natural: 0.5,
  "natural-adam": 0.1,
  mirror: 0.1,
  adam: 0.05,
  sgd: 0.03,
};

type Choice<Name extends string> = z.ZodDefault<z.ZodEnum<{ [N in Name]: N }>>;

export interface RuleFields {
  method: Choice<MethodName>;
  learningRate: z.ZodOptional<z.ZodNumber>;
  damping: Choice<"eigenvalue" | "plain">;
  innerSteps: z.ZodDefault<z.ZodInt>;
  innerLearningRate: z.ZodDefault<z.ZodNumber>;
  euclidean: z.ZodDefault<z.ZodNumber>;
  order: Choice<"newOld" | "oldNew">;
}

export const ruleFields: RuleFields = {
  method: z.enum(methodNames).default("natural"),
  learningRate: z
    .number()
    .positive()
    .optional()
    .describe(
      "of the steps, eta of mirror; default 0.5 of natural, 0.1 of natural-adam and mirror, 0.05 of adam, 0.03 of sgd",
    ),
  damping: z
    .enum(["eigenvalue", "plain"])
    .default("eigenvalue")
    .describe("of natural: how the metric is kept from singular"),
  innerSteps: z.int().min(1).default(20).describe("of mirror: Adam steps in each outer step"),
  innerLearningRate: z.number().positive().default(0.01).describe("of mirror: of these Adam steps"),
  euclidean: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe("of mirror: the share of plain distance in the divergence"),
  order: z
    .enum(["newOld", "oldNew"])
    .default("newOld")
    .describe("of mirror: which state diverges from which"),
};

export interface RuleConfig {
  method: MethodName;
  learningRate?: number | undefined;
  damping: "eigenvalue" | "plain";
  innerSteps: number;
  innerLearningRate: number;
  euclidean: number;
  order: "newOld" | "oldNew";
}

export function stateRule(config: RuleConfig): QuantumRule | Optimizer {
  const {
    method,
    learningRate = rates[method],
    damping,
    innerSteps,
    innerLearningRate,
    euclidean,
    order,
  } = config;
  switch (method) {
    case "natural":
      return qngd({ damping, optimizer: sgd({ learningRate }) });
    case "natural-adam":
      return qngd({ damping, optimizer: adam({ learningRate }) });
    case "mirror": {
      const innerOptimizer = adam({ learningRate: innerLearningRate });
      return qpmd({ learningRate, innerSteps, innerOptimizer, euclidean, order });
    }
    case "adam":
      return adam({ learningRate });
    case "sgd":
      return sgd({ learningRate });
  }
}
