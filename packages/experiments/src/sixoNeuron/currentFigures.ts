/** Figures of one run on the neuron: current and bound along training, smoothed voltages, bounds by number of particles. */
import {
  type Figure,
  type HodgkinHuxleyTheta,
  type Measure,
  type ObservedSeries,
  type RunRecord,
  bootstrap,
  particleBound,
  random,
  smooth,
} from "unspool";
import { boundOf } from "../shared/boundOf.ts";
import { mean, thin } from "../shared/series.ts";
import type { CurrentTheta, Parts } from "./currentTraining.ts";

export async function currentFigures(
  {
    horizon,
    method,
    comparedParticles: counts,
  }: { horizon: number; method: string; comparedParticles: number[] },
  { options, model, test, key }: Parts,
  run: RunRecord<CurrentTheta>,
  measure: Measure,
): Promise<Figure[]> {
  const bounds = run.metrics.filter(({ loss }) => typeof loss === "number");
  const places = thin(
    bounds.map((_, i) => i),
    150,
  );
  const around = (i: number): number =>
    mean(bounds.slice(Math.max(0, i - 10), i + 11).map(({ loss }) => -loss));
  const one: ObservedSeries = { y: test.data.y.slice(0), observed: test.data.observed!.slice(0) };
  const rows = await measure("bounds by particles", counts.length, (i) => {
    const particles = counts[i]!;
    const seed = random.foldIn(random.foldIn(key, "particles"), i);
    const own = particleBound<HodgkinHuxleyTheta, unknown, unknown>({ ...options, particles });
    const plain = particleBound({ model, proposal: bootstrap(), particles });
    const bare = { model: run.theta.model, proposal: {}, twist: {} };
    return [boundOf(own, 8)(run.theta, one, seed), boundOf(plain, 8)(bare, one, seed)];
  });
  const finer = particleBound<HodgkinHuxleyTheta, unknown, unknown>({ ...options, particles: 32 });
  const { trajectories, weights } = smooth(finer.sweep(run.theta, one, random.foldIn(key, "smooth")));
  const shown = thin(
    Array.from({ length: horizon }, (_, t) => t),
    200,
  );
  const particles = weights.size;
  // Voltages in mV: the first of four numbers, times 10.
  const smoothed = shown.map((t) => {
    const values = Array.from({ length: particles }, (_, k) => trajectories.data[(t * particles + k) * 4]!);
    return 10 * values.reduce((sum, v, k) => sum + weights.data[k]! * v, 0);
  });
  const seen = Array.from({ length: horizon }, (_, t) => t).filter((t) => one.observed!.data[t] === 1);
  const ms = (t: number): number => 0.02 * t;
  return [
    {
      id: "bound",
      title: "The bound along training",
      caption: "Averages over 21 updates of model and proposal, a series each.",
      x: { label: "outer step" },
      y: { label: "nats" },
      series: [{ name: method, x: places.map((i) => bounds[i]!.step), y: places.map(around) }],
    },
    {
      id: "voltage",
      title: "Smoothed voltage of a fresh series",
      caption: "What is seen of it, the voltage that was simulated, and the mean of 32 smoothed particles.",
      x: { label: "ms" },
      y: { label: "mV" },
      series: [
        { name: "truth", x: shown.map(ms), y: shown.map((t) => 10 * test.x.data[t * 4]!) },
        { name: "smoothed", x: shown.map(ms), y: smoothed },
        { name: "observed", kind: "dots", x: seen.map(ms), y: seen.map((t) => 10 * one.y.data[t]!) },
      ],
    },
    {
      id: "particles",
      title: "Bounds by the number of particles",
      caption: "Of one fresh series at the learned current: the trained bound and a bootstrap filter.",
      x: { label: "particles", scale: "log" },
      y: { label: "nats" },
      series: [
        { name: method, x: counts, y: rows.map(([value]) => value!) },
        { name: "bootstrap filter", x: counts, y: rows.map(([, value]) => value!) },
      ],
    },
  ];
}
