/** What the experiments of design have in common: a method by its name, its first theta, and figures of how it learns. */
import {
  type DesignDistribution,
  type DesignPolicy,
  type DesignTask,
  type DesignTheta,
  type Evaluation,
  type Figure,
  type Key,
  type Method,
  type RunRecord,
  type Tensor,
  adam,
  deps,
  initJodc,
  jodc,
  jodcDesign,
  np,
  policyEvaluator,
  random,
} from "unspool";
import { z } from "zod";
import { metricOf } from "./records.ts";
import { thin } from "./series.ts";

/** A method's theta: `jodc` has a distribution of designs in the place of one. */
export interface DesignRunTheta<Theta> {
  design: Tensor | DesignDistribution;
  policy: Theta;
}

type Names<Name extends string> = z.ZodDefault<z.ZodEnum<{ [N in Name]: N }>>;

export interface DesignShape {
  method: Names<DesignFields["method"]>;
  steps: z.ZodDefault<z.ZodInt>;
  batch: z.ZodDefault<z.ZodInt>;
  policyRate: z.ZodDefault<z.ZodNumber>;
  designRate: z.ZodDefault<z.ZodNumber>;
  credit: Names<DesignFields["credit"]>;
}

/** Fields of a config, with defaults of their own. */
export function designFields(given: {
  batch: number;
  policyRate: number;
  designRate: number;
  steps: number;
}): DesignShape {
  return {
    method: z
      .enum(["deps", "jodc-ppo", "jodc-reinforce", "control"])
      .default("deps")
      .describe("control moves the policy only"),
    steps: z.int().min(1).default(given.steps).describe("outer steps"),
    batch: z.int().min(2).default(given.batch).describe("trajectories of a step"),
    policyRate: z.number().positive().default(given.policyRate).describe("of Adam on the policy"),
    designRate: z.number().positive().default(given.designRate).describe("of Adam on the design"),
    credit: z.enum(["full", "to-go"]).default("full").describe("of deps"),
  };
}

export interface DesignFields {
  method: "deps" | "jodc-ppo" | "jodc-reinforce" | "control";
  batch: number;
  policyRate: number;
  designRate: number;
  credit: "full" | "to-go";
}

export interface DesignRun<Theta> {
  theta: DesignRunTheta<Theta>;
  method: Method<DesignRunTheta<Theta>>;
}

/** A first design, uniform in the box. */
export function uniformDesign({ low, high }: DesignTask, key: Key): Tensor {
  const uniforms = Array.from(random.uniform(key, [low.length]).data, Number);
  return np.array(uniforms.map((u, i) => low[i]! + u * (high[i]! - low[i]!)));
}

/** The method that a config names, from a first design (of `jodc`: its mean where it is given). */
export function designRun<Theta>(
  task: DesignTask,
  policy: DesignPolicy<Theta>,
  { method, batch, policyRate, designRate, credit }: DesignFields,
  key: Key,
  design?: Tensor,
): DesignRun<Theta> {
  const rates = { policy: adam({ learningRate: policyRate }), design: adam({ learningRate: designRate }) };
  const parts = { task, policy, batch, optimizers: rates };
  if (method === "jodc-ppo" || method === "jodc-reinforce") {
    const theta = initJodc(parts, key);
    const first = design?.div(np.array([...task.designScale])) ?? theta.design.mean;
    const policyUpdate = method === "jodc-ppo" ? "ppo" : "reinforce";
    return {
      theta: { ...theta, design: { ...theta.design, mean: first } },
      method: jodc({ ...parts, policyUpdate }) as Method<DesignRunTheta<Theta>>,
    };
  }
  const theta = {
    design: design ?? uniformDesign(task, random.foldIn(key, "design")),
    policy: policy.init(random.foldIn(key, "policy")),
  };
  const learn = method === "control" ? "policy" : "both";
  return { theta, method: deps({ ...parts, credit, learn }) as Method<DesignRunTheta<Theta>> };
}

/** The design of a theta, in the units of the task. */
export function settledTheta<Theta>(
  task: DesignTask,
  { design, policy }: DesignRunTheta<Theta>,
): DesignTheta<Theta> {
  return { design: "mean" in design && "spread" in design ? jodcDesign(task, design) : design, policy };
}

/** Returns of first and last theta under the same disturbances, and the design that was found. */
export function designEvaluation<Theta>(
  task: DesignTask,
  policy: DesignPolicy<Theta>,
  [theta, initial]: readonly [DesignRunTheta<Theta>, DesignRunTheta<Theta>],
  trajectories = 256,
): Evaluation {
  const evaluate = policyEvaluator(task, policy, { trajectories });
  const [last, first] = [theta, initial].map((one) => settledTheta(task, one)) as [
    DesignTheta<Theta>,
    DesignTheta<Theta>,
  ];
  const [after, earlier] = [evaluate(last), evaluate(first)];
  const numbers = (design: Tensor): number[] => Array.from(design.data, (x) => Number(Number(x).toFixed(4)));
  return {
    metrics: {
      meanReturn: after.meanReturn,
      standardError: after.standardError,
      initialReturn: earlier.meanReturn,
      ...Object.fromEntries(task.designNames.map((name, i) => [name, Number(last.design.data[i])])),
    },
    table: {
      title: `Returns of ${trajectories} trajectories, and designs`,
      columns: ["", "return", "standard error", ...task.designNames],
      rows: [
        ["initial", earlier.meanReturn, earlier.standardError, ...numbers(first.design)],
        ["learned", after.meanReturn, after.standardError, ...numbers(last.design)],
      ],
    },
  };
}

/** Mean returns of batches over outer steps, with what is known of them. */
export function returnFigure<Theta>(
  { metrics }: RunRecord<Theta>,
  caption: string,
  references: NonNullable<Figure["references"]> = [],
): Figure {
  const records = thin(metrics, 300);
  return {
    id: "return",
    title: "Mean return over outer steps",
    caption,
    x: { label: "outer step" },
    y: { label: "mean return of the batch" },
    series: [
      {
        name: "mean return",
        x: records.map(({ step }) => step),
        y: records.map((record) => metricOf(record, "meanReturn")),
      },
    ],
    references,
  };
}

/** Numbers of the design over outer steps, as shares of the width of their boxes. */
export function designFigure<Theta>(
  { metrics }: RunRecord<Theta>,
  { designNames, low, high }: DesignTask,
  caption: string,
  count: number = designNames.length,
): Figure {
  const records = thin(metrics, 300);
  return {
    id: "design",
    title: "The design over outer steps",
    caption,
    x: { label: "outer step" },
    y: { label: "place in the box, 0 to 1", domain: [0, 1] },
    series: designNames.slice(0, count).map((name, i) => ({
      name,
      x: records.map(({ step }) => step),
      y: records.map((record) => (metricOf(record, `design.${name}`) - low[i]!) / (high[i]! - low[i]!)),
    })),
  };
}
