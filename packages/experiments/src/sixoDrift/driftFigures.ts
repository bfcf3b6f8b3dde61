/** Figures of one run on the Gaussian drift: the bound, the drift, what the twist says, and lineages of particles. */
import {
  type Figure,
  type GaussianDriftTheta,
  type Key,
  type ParticleBound,
  type RunRecord,
  type Tensor,
  driftSeries,
  driftSolution,
  np,
  random,
  smooth,
  sweepDiagnostics,
  tree,
} from "unspool";
import { metricOf } from "../shared/records.ts";
import { mean, thin } from "../shared/series.ts";
import type { DriftTheta, DriftTwist } from "./driftTraining.ts";

interface Subject {
  horizon: number;
  alpha: number;
  values: number[];
  bound: ParticleBound<GaussianDriftTheta, unknown, unknown>;
  twist: DriftTwist | undefined;
  key: Key;
}

export function driftFigures(run: RunRecord<DriftTheta>, subject: Subject): Figure[] {
  const { horizon, values } = subject;
  const best = mean(values) / (horizon + 1);
  const ceiling = mean(values.map(driftSolution(best, horizon).logEvidence));
  const bounds = run.metrics.filter(({ loss }) => typeof loss === "number");
  const windows = thin(
    bounds.map((_, i) => i),
    150,
  );
  const around = (i: number): number =>
    mean(bounds.slice(Math.max(0, i - 25), i + 26).map(({ loss }) => -loss));
  const scores = thin(
    run.metrics.filter((record) => "twistLoss" in record),
    200,
  );
  return [
    {
      id: "bound",
      title: "The bound along training",
      caption:
        "Averages over 51 updates of log Z on minibatches, and the mean log-evidence at the best drift (Fig. 2a: the gap).",
      x: { label: "outer step" },
      y: { label: "nats" },
      series: [
        {
          name: subject.bound.settings.bound,
          x: windows.map((i) => bounds[i]!.step),
          y: windows.map(around),
        },
      ],
      references: [{ axis: "y", value: ceiling, label: "best log p(y)" }],
    },
    ...(scores.length === 0
      ? []
      : [
          {
            id: "twist-loss",
            title: "Density-ratio loss of the twist",
            caption: "Half the loss: minus the mean log-probability of the classifier. 0.693 is a coin.",
            x: { label: "outer step" },
            y: { label: "nats" },
            series: [
              {
                name: "loss / 2",
                kind: "dots" as const,
                x: scores.map(({ step }) => step),
                y: scores.map((record) => metricOf(record, "twistLoss") / 2),
              },
            ],
          },
        ]),
    ...(subject.twist === undefined ? [] : [twistFigure(run.theta, subject, subject.twist)]),
    lineageFigure(run.theta, subject),
  ];
}

/** The maximum and the deviation of log r_t over x, by its values at three points: it is quadratic. */
function twistFigure(theta: DriftTheta, { horizon, values }: Subject, twist: DriftTwist): Figure {
  const y = values[0]!;
  const series = driftSeries(y, horizon);
  const { shift, variance } = driftSolution(theta.model.alpha.item(), horizon).twist;
  const rows = twist.rows?.(theta.twist, series, theta.model) ?? {};
  const at = Array.from({ length: horizon - 1 }, (_, t) => {
    const centre = y - shift[t]!;
    const x = np.array([[centre - 1], [centre], [centre + 1]], { dtype: "float32" });
    const row = tree.map((leaf: Tensor) => leaf.slice(t), rows);
    const place = { x, t: np.array(t, { dtype: "int32" }), row, model: theta.model, series };
    const [low = NaN, middle = NaN, high = NaN] = Array.from(twist.logTwist(theta.twist, place).data, Number);
    const curvature = high + low - 2 * middle;
    return { mean: centre - (high - low) / (2 * curvature), variance: -1 / curvature };
  });
  const t = at.map((_, i) => i);
  const inside = ({ variance: v }: { variance: number }): boolean => v > 0 && v < 10 * horizon;
  const learned = at.flatMap((one, i) => (inside(one) ? [{ ...one, t: i }] : []));
  return {
    id: "twist",
    title: "What the twist says of the state",
    caption: `Where log r is largest for the y = ${y.toFixed(2)} of one series, and its variance; lines are the closed form at the learned drift (Fig. 2b).`,
    x: { label: "step" },
    y: { label: "state" },
    series: [
      { name: "best mean", x: t, y: shift.map((s) => y - s) },
      { name: "best variance", x: t, y: variance },
      { name: "mean", kind: "dots", x: learned.map((one) => one.t), y: learned.map((one) => one.mean) },
      {
        name: "variance",
        kind: "dots",
        x: learned.map((one) => one.t),
        y: learned.map((one) => one.variance),
      },
    ],
  };
}

function lineageFigure(theta: DriftTheta, { horizon, values, bound, key }: Subject): Figure {
  const sweep = bound.sweep(theta, driftSeries(values[0]!, horizon), random.foldIn(key, "lineages"));
  const { trajectories } = smooth(sweep);
  const { uniqueAncestors } = sweepDiagnostics(sweep);
  const t = Array.from({ length: horizon }, (_, i) => i);
  const particles = trajectories.shape[1]!;
  const { data } = trajectories;
  return {
    id: "lineages",
    title: "Lineages of the particles",
    caption: `Trajectories of the particles that are left at the end (Fig. 2c). Of step 0 ${uniqueAncestors.data[0]} of ${particles} particles have a descendant.`,
    x: { label: "step" },
    y: { label: "state" },
    series: Array.from({ length: Math.min(particles, 16) }, (_, k) => ({
      name: `particle ${k}`,
      x: t,
      y: t.map((i) => data[i * particles + k]!),
    })),
  };
}
