/** Experiments in which one field is a hostile value: the table of all fields, and what to do with each. */
import { adam, createEstimator, defineProblem, innerProblem, np, sgd, tree } from "unspool";
import { z } from "zod";

/** The default export of a file in which one field is `value`. */
export type Spoilt = (value: unknown) => unknown;

const figure = {
  id: "loss",
  title: "Loss",
  caption: "",
  x: { label: "x" },
  y: { label: "y" },
  series: [{ name: "a", x: [1, 2], y: [3, 4] }],
  references: [{ axis: "y", value: 3.5, label: "known" }],
};

const evaluation = { metrics: { a: 1 }, table: { title: "t", columns: ["a"], rows: [[1]] } };

const estimator = {
  name: "own",
  init: () => ({ calls: 0 }),
  estimate: (theta: unknown, state: unknown) => ({
    loss: 1,
    gradient: tree.map((leaf) => leaf.mul(0.5), theta),
    state,
    metrics: { innerSteps: 1 },
  }),
};

const setup = () => ({
  theta: { x: np.array([1, 2]) },
  estimator,
  optimizer: sgd({ learningRate: 0.1 }),
  steps: 1,
  evaluate: (): unknown => evaluation,
  figures: (): unknown => [figure],
});

const experiment = {
  name: "hostile",
  summary: "one field is not what it should be",
  config: z.strictObject({ rate: z.number().default(1) }) as { parse(value: unknown): unknown },
  setup: (): unknown => setup(),
};

const inSetup =
  (field: string): Spoilt =>
  (value) => ({ ...experiment, setup: () => ({ ...setup(), [field]: value }) });

const inEstimator =
  (part: object | ((value: unknown) => object)): Spoilt =>
  (value) => ({
    ...experiment,
    setup: () => ({
      ...setup(),
      estimator: {
        ...estimator,
        ...(typeof part === "function" ? (part as (v: unknown) => object)(value) : part),
      },
    }),
  });

const inEstimate = (field: string): Spoilt =>
  inEstimator((value) => ({
    estimate: (theta: unknown, state: unknown) => ({ ...estimator.estimate(theta, state), [field]: value }),
  }));

const inOptimizer =
  (part: (value: unknown) => object): Spoilt =>
  (value) => ({
    ...experiment,
    setup: () => ({ ...setup(), optimizer: { ...sgd({ learningRate: 0.1 }), ...part(value) } }),
  });

const inUpdate = (field: string): Spoilt =>
  inOptimizer((value) => ({
    update: (_gradient: unknown, state: unknown, theta: unknown) => ({ theta, state, [field]: value }),
  }));

const inEvaluation =
  (path: readonly string[]): Spoilt =>
  (value) => ({
    ...experiment,
    setup: () => ({ ...setup(), evaluate: () => withValue(evaluation, path, value) }),
  });

const inFigure =
  (path: readonly string[]): Spoilt =>
  (value) => ({
    ...experiment,
    setup: () => ({ ...setup(), figures: () => [withValue(figure, path, value)] }),
  });

function withValue(record: unknown, path: readonly string[], value: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(record)
    ? [...(record as unknown[])]
    : { ...(record as object) };
  (copy as Record<string, unknown>)[name] = withValue((record as Record<string, unknown>)[name], rest, value);
  return copy;
}

const problem = {
  horizon: 4,
  theta: { rate: np.array([0.5]) },
  init: (): unknown => ({ x: np.ones([1]) }),
  step: (theta: { rate: unknown }, { x }: { x: ReturnType<typeof np.ones> }): unknown => {
    const next = x.mul(theta.rate as never);
    return { state: { x: next }, loss: next.sum() };
  },
};

/** Written without `defineProblem`, as a file may. */
const inProblem =
  (part: (value: unknown) => object): Spoilt =>
  (value) => ({ ...problem, ...part(value) });

/** The same with an estimator and an optimizer of the library. */
const inLibrary =
  (part: (value: unknown) => object): Spoilt =>
  (value) => ({
    ...experiment,
    setup: () => {
      const made = defineProblem({ ...problem, ...part(value) } as never);
      return {
        theta: problem.theta,
        estimator: createEstimator("pes", made, { sigma: 0.1, pairs: 2, truncation: 2 }),
        optimizer: adam({ learningRate: 0.1 }),
        inner: innerProblem(made, { sigma: 0.1, pairs: 2, truncation: 2 }),
        steps: 1,
      };
    },
  });

/** Every place where a file's value comes in. */
export const fields: Readonly<Record<string, Spoilt>> = {
  "default export": (value) => value,
  "exported function": (value) => () => value,
  ...Object.fromEntries(
    ["name", "summary", "paper", "config", "setup"].map((field): [string, Spoilt] => [
      field,
      (value) => ({ ...experiment, [field]: value }),
    ]),
  ),
  "config.parse": (value) => ({ ...experiment, config: { parse: value } }),
  "parsed config": (value) => ({ ...experiment, config: { parse: () => value } }),
  "entry of a parsed config": (value) => ({ ...experiment, config: { parse: () => ({ a: value }) } }),
  "result of setup": (value) => ({ ...experiment, setup: () => value }),
  "result of an async setup": (value) => ({ ...experiment, setup: async () => value }),
  ...Object.fromEntries(
    ["theta", "estimator", "optimizer", "steps", "evaluate", "figures", "inner", "learned"].map((field) => [
      field,
      inSetup(field),
    ]),
  ),
  "leaf of theta": (value) => inSetup("theta")({ a: np.ones([2]), b: { c: value } }),
  "estimator.name": inEstimator((value) => ({ name: value })),
  "estimator.init": inEstimator((value) => ({ init: value })),
  "estimator.estimate": inEstimator((value) => ({ estimate: value })),
  "estimator.recurrence": inEstimator((value) => ({ recurrence: value })),
  "estimator.evaluationTheta": inEstimator((value) => ({ evaluationTheta: value })),
  "result of init": inEstimator((value) => ({ init: () => value })),
  "result of estimate": inEstimator((value) => ({ estimate: () => value })),
  "result of evaluationTheta": inEstimator((value) => ({ evaluationTheta: () => value })),
  loss: inEstimate("loss"),
  gradient: inEstimate("gradient"),
  state: inEstimate("state"),
  metrics: inEstimate("metrics"),
  "metrics.innerSteps": (value) => inEstimate("metrics")({ innerSteps: value }),
  "metrics.other": (value) => inEstimate("metrics")({ innerSteps: 1, other: value }),
  "optimizer.init": inOptimizer((value) => ({ init: value })),
  "optimizer.update": inOptimizer((value) => ({ update: value })),
  "result of optimizer.init": inOptimizer((value) => ({ init: () => value })),
  "result of update": inOptimizer((value) => ({ update: () => value })),
  "theta of update": inUpdate("theta"),
  "state of update": inUpdate("state"),
  "result of evaluate": inEvaluation([]),
  "evaluation.metrics": inEvaluation(["metrics"]),
  "evaluation.metrics.a": inEvaluation(["metrics", "a"]),
  "evaluation.table": inEvaluation(["table"]),
  "evaluation.table.title": inEvaluation(["table", "title"]),
  "evaluation.table.columns": inEvaluation(["table", "columns"]),
  "evaluation.table.columns.0": inEvaluation(["table", "columns", "0"]),
  "evaluation.table.rows": inEvaluation(["table", "rows"]),
  "evaluation.table.rows.0": inEvaluation(["table", "rows", "0"]),
  "evaluation.table.rows.0.0": inEvaluation(["table", "rows", "0", "0"]),
  "result of figures": (value) => ({ ...experiment, setup: () => ({ ...setup(), figures: () => value }) }),
  ...Object.fromEntries(
    [
      "",
      "id",
      "title",
      "caption",
      "x",
      "x.label",
      "x.scale",
      "x.domain",
      "y.label",
      "series",
      "series.0",
      "series.0.name",
      "series.0.kind",
      "series.0.x",
      "series.0.y",
      "series.0.y.1",
      "series.0.low",
      "heatmap",
      "references",
      "references.0",
      "references.0.value",
      "pens",
    ].map((path) => [`figure.${path}`, inFigure(path === "" ? [] : path.split("."))]),
  ),
  ...Object.fromEntries(
    ["name", "horizon", "theta", "init", "step", "data", "finalLoss", "isDifferentiable"].map((field) => [
      `problem.${field}`,
      inProblem((value) => ({ [field]: value })),
    ]),
  ),
  "result of problem.init": inLibrary((value) => ({ init: () => value })),
  "result of problem.step": inLibrary((value) => ({ step: () => value })),
  "state of problem.step": inLibrary((value) => ({ step: () => ({ state: value, loss: np.zeros([]) }) })),
  "loss of problem.step": inLibrary((value) => ({
    step: (_: unknown, state: unknown) => ({ state, loss: value }),
  })),
  "result of problem.data": inLibrary((value) => ({ data: () => value })),
  ...Object.fromEntries(
    Object.entries({
      "config.parse": (thrower: () => never) => ({ ...experiment, config: { parse: thrower } }),
      setup: (thrower: () => never) => ({ ...experiment, setup: thrower }),
      "exported function": (thrower: () => never) => thrower,
      init: (thrower: () => never) => inEstimator({ init: thrower })(undefined),
      estimate: (thrower: () => never) => inEstimator({ estimate: thrower })(undefined),
      update: (thrower: () => never) => inOptimizer(() => ({ update: thrower }))(undefined),
      evaluate: (thrower: () => never) => inSetup("evaluate")(thrower),
      figures: (thrower: () => never) => inSetup("figures")(thrower),
      "problem.step": (thrower: () => never) => inLibrary(() => ({ step: thrower }))(undefined),
    }).map(([what, spoil]): [string, Spoilt] => [
      `thrown by ${what}`,
      (value) =>
        spoil(() => {
          throw value;
        }),
    ]),
  ),
};
