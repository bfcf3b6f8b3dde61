/**
 * Default runs of the experiments on chaotic systems (Metz et al., "Gradients are Not All You Need", 2021): what is
 * tuned gets better, and the figures show what they say. `npm run test:paper`; recorded in docs/results.md.
 */
import {
  doublePendulum,
  lorenzIdentification,
  recurrentNetwork,
  tinyLearnedOptimizer,
} from "@unspool/experiments";
import { type Experiment, type Figure, NonFiniteError, train } from "unspool";
import { expect, test } from "vitest";

type Metrics = Record<string, number>;

async function run<Theta>(
  experiment: Experiment<unknown, Theta>,
  config: Record<string, unknown> = {},
): Promise<{ metrics: Metrics; figure(id: string): Figure }> {
  const { evaluation, figures } = await train(experiment, { config });
  const metrics = evaluation!.metrics as Metrics;
  console.log(`${experiment.name} ${JSON.stringify(config)}: ${JSON.stringify(metrics)}`);
  return { metrics, figure: (id) => figures.find((one) => one.id === id)! };
}

test("lorenz-identification draws its path on the surface", async () => {
  const { figure } = await run(lorenzIdentification, { surface: 21 });
  const { heatmap, series } = figure("surface");
  expect(heatmap!.values.every(Number.isFinite)).toBe(true);
  expect(series[0]!.x.at(-1)!).toBeLessThan(2.5);
});

test("recurrent-network learns to remember; exponents grow with the gain through 0", async () => {
  const { metrics, figure } = await run(recurrentNetwork);
  expect(metrics["loss"]!).toBeLessThan(metrics["initialLoss"]! / 100);
  for (const { y } of figure("exponents").series) {
    expect(y[0]!).toBeLessThan(-0.5);
    expect(y.at(-1)!).toBeGreaterThan(0.05);
  }
  // Of an orthogonal matrix with gain 1 the eigenvalues lie on the circle; tanh draws them inside.
  const orthogonal = figure("spectrum").series.find(({ name }) => name === "orthogonal")!;
  const radii = orthogonal.x.map((re, i) => Math.hypot(re, orthogonal.y[i]!));
  expect(Math.max(...radii)).toBeLessThan(1);
  expect(Math.max(...radii)).toBeGreaterThan(0.9);
});

test("double-pendulum brings its tip nearer to the target", async () => {
  const { metrics } = await run(doublePendulum);
  expect(metrics["distance"]!).toBeLessThan(metrics["initialDistance"]! / 4);
});

test("tiny-learned-optimizer trained by ES beats gradient descent", async () => {
  const { metrics } = await run(tinyLearnedOptimizer);
  expect(metrics["tunedLoss"]!).toBeLessThan(0.75 * metrics["gradientDescentLoss"]!);
});

test("with a long reach ES still trains it, and backpropagation overflows or ends worse than gradient descent", async () => {
  const config = { scale: 0.1, steps: 150, samples: 2 };
  const tuned = async (estimator: string): Promise<Metrics> => {
    try {
      const { evaluation } = await train(tinyLearnedOptimizer, { config: { ...config, estimator }, seed: 1 });
      return evaluation!.metrics as Metrics;
    } catch (error) {
      if (!(error instanceof NonFiniteError)) throw error;
      return { tunedLoss: Infinity };
    }
  };
  const [es, bptt] = [await tuned("fullEs"), await tuned("bptt")];
  console.log(`tiny-learned-optimizer, scale 0.1, seed 1: ${JSON.stringify({ es, bptt })}`);
  expect(es["tunedLoss"]!).toBeLessThan(es["gradientDescentLoss"]!);
  expect(bptt["tunedLoss"]!).toBeGreaterThan(es["gradientDescentLoss"]!);
});
