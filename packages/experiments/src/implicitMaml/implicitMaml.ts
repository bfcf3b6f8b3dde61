/**
 * Implicit MAML: weights from which the last layer of a network adapts to few points. Adapting is a regularised minimum,
 * and the outer gradient is taken at that minimum, not through the steps to it. The implicit gradient is that of a minimum
 * only where one has been reached: the last layer's is, by one Newton step; that of all layers is not in tens of steps.
 */
import {
  type Experiment,
  type Figure,
  type Key,
  type Layer,
  type Tensor,
  adam,
  applyMlp,
  compiled,
  conjugateGradient,
  defineExperiment,
  firstOrder,
  grad,
  implicitRoot,
  initMlp,
  jvp,
  np,
  objectiveDescent,
  random,
  tree,
  vmap,
} from "unspool";
import { z } from "zod";
import { grid } from "../shared/series.ts";
import { drawSinusoids } from "./sinusoids.ts";

const config = z.strictObject({
  steps: z.int().min(1).default(4000).describe("outer steps"),
  learningRate: z.number().positive().default(1e-3).describe("of Adam on the weights to start from"),
  tasks: z.int().min(1).default(10).describe("sinusoids per outer step"),
  points: z.int().min(1).default(10).describe("of a sinusoid to adapt to, and as many to be judged by"),
  hidden: z.array(z.int().min(1)).default([40, 40]).describe("sizes of the hidden layers"),
  penalty: z
    .number()
    .positive()
    .default(0.1)
    .describe("lambda: pull of the adapted layer to where it starts"),
  products: z
    .int()
    .min(1)
    .default(20)
    .describe("conjugate gradient steps, of adapting and of its derivative"),
});

type Config = z.infer<typeof config>;
type Points = { inputs: Tensor; targets: Tensor };
/** The weights to start from, and the points to adapt to. */
type Task = { weights: Layer[]; points: Points };

const missOf = (layers: Layer[], { inputs, targets }: Points): Tensor => {
  const miss = applyMlp(layers, inputs).sub(targets);
  return miss.mul(miss).mean();
};

/** The network with its last layer adapted; the derivative is that of the regularised minimum. */
function adaptation({ penalty, products }: Config): (task: Task) => Layer[] {
  const solver = conjugateGradient({ steps: products });
  const withLast = (weights: Layer[], last: Layer): Layer[] => [...weights.slice(0, -1), last];
  const regularised = (last: Layer, { weights, points }: Task): Tensor => {
    const moved = tree.subtract(last, weights.at(-1)!);
    const pull = tree
      .dot(moved, moved)
      .astype("float32")
      .mul(penalty / 2);
    return missOf(withLast(weights, last), points).add(pull);
  };
  const slope = (last: Layer, task: Task): Layer => grad(regularised)(last, task);
  // What is minimised is quadratic: one Newton step.
  const newton = (task: Task): Layer => {
    const start = task.weights.at(-1)!;
    const product = (v: Layer): Layer => jvp((last: Layer) => slope(last, task), [start], [v])[1];
    return tree.subtract(start, solver.solve(product, slope(start, task)));
  };
  const adapted = implicitRoot(slope, newton, { solver });
  return (task) => withLast(task.weights, adapted(task));
}

export const implicitMaml: Experiment<unknown, Layer[]> = defineExperiment<Config, Layer[]>({
  name: "implicit-maml",
  summary: "features from which a network learns a sinusoid by its last layer, by implicit gradients",
  paper: "Rajeswaran, Finn, Kakade, Levine (NeurIPS 2019); tasks of Finn, Abbeel, Levine (ICML 2017)",
  config,
  setup(settings: Config, key: Key) {
    const { steps, learningRate, tasks, points, hidden } = settings;
    const adapt = adaptation(settings);
    const queryLoss = (weights: Layer[], support: Points, query: Points): Tensor =>
      missOf(adapt({ weights, points: support }), query);
    const lossOf = vmap(queryLoss, [null, 0, 0]);
    const theta = initMlp(random.foldIn(key, "start"), [1, ...hidden, 1]);
    const fresh = drawSinusoids(random.foldIn(key, "fresh tasks"), 200, points);
    const losses = compiled("losses", (start: Layer[]) => ({
      before: vmap(missOf, [null, 0])(start, fresh.query),
      after: lossOf(start, fresh.support, fresh.query),
    }));
    return {
      theta,
      method: objectiveDescent({
        optimizer: firstOrder(adam({ learningRate })),
        objective: ({ support, query }) => ({
          loss: (start: Layer[]) => lossOf(start, support, query).mean(),
        }),
        data: (draw: Key) => drawSinusoids(draw, tasks, points),
      }),
      steps,
      evaluate(trained, initial) {
        const rows = [initial, trained].map((start) => {
          const { before, after } = losses(start);
          return [before, after].flatMap(meanAndError);
        });
        const [, [before, , after, error]] = rows as [number[], number[]];
        return {
          metrics: { beforeAdapting: before!, afterAdapting: after!, afterAdaptingError: error! },
          table: {
            title: `Squared error on 200 fresh sinusoids, ${points} points each`,
            columns: ["start", "before adapting", "± s.e.", "after adapting", "± s.e."],
            rows: [
              ["random weights", ...rows[0]!],
              ["learned weights", ...rows[1]!],
            ],
          },
        };
      },
      figures: ({ theta: trained, initialTheta }) => [adaptedFigure(settings, adapt, initialTheta, trained)],
    };
  },
});

function meanAndError(values: Tensor): [number, number] {
  const n = values.size;
  return [values.mean().item(), np.std(values).item() / Math.sqrt(n - 1)];
}

/** One sinusoid: what the network says before and after it has seen the points. */
function adaptedFigure(
  { points }: Config,
  adapt: (task: Task) => Layer[],
  initial: Layer[],
  trained: Layer[],
): Figure {
  const { support, amplitudes, phases } = drawSinusoids(random.key(5), 1, points);
  const seen = { inputs: support.inputs.slice(0), targets: support.targets.slice(0) };
  const x = grid(-5, 5, 101);
  const inputs = np.array(x.map((at) => [at]));
  const curve = (name: string, layers: Layer[]) => ({ name, x, y: [...applyMlp(layers, inputs).data] });
  const [a, p] = [amplitudes.item(), phases.item()];
  return {
    id: "adapted",
    title: "A sinusoid from a few points",
    caption:
      "The last layer adapts to the points, on random and on learned features. On learned ones it " +
      "draws the sinusoid also where there are no points. As Figure 2 of Finn et al. (ICML 2017).",
    x: { label: "x" },
    y: { label: "y" },
    series: [
      { name: "sinusoid", x, y: x.map((at) => a * Math.sin(at - p)) },
      { name: "points", kind: "dots", x: [...seen.inputs.data], y: [...seen.targets.data] },
      curve("learned, before adapting", trained),
      curve("learned, adapted", adapt({ weights: trained, points: seen })),
      curve("random, adapted", adapt({ weights: initial, points: seen })),
    ],
  };
}
