/** Figures of one run on stochastic volatility. */
import {
  type Figure,
  type Key,
  type ObservedSeries,
  type RunRecord,
  type StochasticVolatilityTheta,
  type Tensor,
  random,
  smooth,
  sweepDiagnostics,
} from "unspool";
import { mean, thin } from "../shared/series.ts";
import type { VolatilityBound, VolatilityTheta } from "./volatilityTraining.ts";

interface Subject {
  bound: VolatilityBound;
  data: ObservedSeries;
  /** True states, [T, N]. */
  x: Tensor;
  truth: StochasticVolatilityTheta;
  key: Key;
}

export function volatilityFigures(run: RunRecord<VolatilityTheta>, subject: Subject): Figure[] {
  const { bound, data, x, truth, key } = subject;
  const bounds = run.metrics.filter(({ loss }) => typeof loss === "number");
  const places = thin(
    bounds.map((_, i) => i),
    150,
  );
  const around = (i: number): number =>
    mean(bounds.slice(Math.max(0, i - 10), i + 11).map(({ loss }) => -loss));
  const sweep = bound.sweep(run.theta, data, random.foldIn(key, "figures"));
  const { trajectories, weights } = smooth(sweep);
  const { effectiveSizes, uniqueAncestors } = sweepDiagnostics(sweep);
  const [steps, currencies] = x.shape as [number, number];
  const t = Array.from({ length: steps }, (_, i) => i);
  const particles = weights.size;
  // Deviations beta exp(x / 2) of the first currency: of the truth, and of the smoothed particles.
  const deviation = (state: number, logBeta: Tensor): number => Math.exp(state / 2 + Number(logBeta.data[0]));
  const smoothed = t.map((i) =>
    Array.from({ length: particles }, (_, k) => {
      const state = trajectories.data[(i * particles + k) * currencies]!;
      return weights.data[k]! * deviation(state, run.theta.model.logBeta);
    }).reduce((sum, one) => sum + one, 0),
  );
  return [
    {
      id: "bound",
      title: "The bound along training",
      caption: "Averages over 21 updates of model and proposal.",
      x: { label: "outer step" },
      y: { label: "nats" },
      series: [{ name: bound.settings.bound, x: places.map((i) => bounds[i]!.step), y: places.map(around) }],
    },
    {
      id: "volatility",
      title: "Volatility of the first currency",
      caption:
        "Absolute returns, the deviation that they were drawn with, and the smoothed one of the particles.",
      x: { label: "month" },
      y: { label: "deviation of a return" },
      series: [
        { name: "|return|", kind: "dots", x: t, y: t.map((i) => Math.abs(data.y.data[i * currencies]!)) },
        { name: "truth", x: t, y: t.map((i) => deviation(x.data[i * currencies]!, truth.logBeta)) },
        { name: "smoothed", x: t, y: smoothed },
      ],
    },
    {
      id: "health",
      title: "Health of one sweep",
      caption: "Effective sample sizes, and how many particles of a month have a descendant at the end.",
      x: { label: "month" },
      y: { label: "particles" },
      series: [
        { name: "effective size", x: t, y: Array.from(effectiveSizes.data, Number) },
        { name: "with descendants", x: t, y: Array.from(uniqueAncestors.data, Number) },
      ],
    },
  ];
}
