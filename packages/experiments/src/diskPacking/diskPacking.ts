/** Disk packing: one diameter, judged by the packing that an unrolled minimisation arrives at. */
import {
  type DiskState,
  type DiskTheta,
  type Experiment,
  type Figure,
  type Measure,
  type Problem,
  type RunRecord,
  type Series,
  adam,
  defineExperiment,
  diskPacking as diskPackingProblem,
  innerProblem,
  np,
  random,
  unroll,
} from "unspool";
import { z } from "zod";
import { alongDirection } from "./alongDirection.ts";
import { estimatorFields, estimatorOptions } from "../shared/fields.ts";
import { outerParts } from "../shared/outerParts.ts";
import { measureEach, measureInChunks } from "../shared/measureInParts.ts";
import { outerRate } from "../shared/outerRate.ts";
import { grid, thin } from "../shared/series.ts";
import { withSearches } from "../shared/withSearches.ts";

const config = withSearches(
  z.strictObject({
    ...estimatorFields({ sigma: 0.03, pairs: 16, truncation: 10 }, "fullEs"),
    steps: z.int().min(1).default(150).describe("outer steps"),
    learningRate: z.number().positive().default(0.01).describe("of Adam on theta"),
    diameter: z.number().positive().default(0.7).describe("initial diameter of the small disks"),
    targetEnergy: z.number().positive().default(0.1).describe("energy that the minimised packing is to have"),
    disks: z.int().min(2).default(16),
    box: z.number().positive().default(3.2).describe("side of the periodic box, in large diameters"),
    horizon: z.int().min(1).default(100).describe("steps of minimisation"),
    loss: z
      .enum(["last", "each"])
      .default("last")
      .describe("judge the last state only, or every state (for estimators that see windows)"),
    points: z.int().min(2).default(401).describe("diameters in the drawn curves"),
    dtype: z.enum(["float32", "float64"]).default("float32"),
  }),
);

type Config = z.infer<typeof config>;

/** Diameters of the curves, and the numbers of steps that they are drawn for. */
const range = [0.55, 1.05] as const;
const horizons = [10, 50, 100, 200];

export const diskPacking: Experiment<unknown, DiskTheta> = defineExperiment<Config, DiskTheta>({
  name: "disk-packing",
  summary: "the diameter of soft disks, tuned through the minimisation that packs them",
  paper: "Metz et al., Gradients are Not All You Need (2021), disk packing, at CPU size",
  config,
  setup(settings: Config) {
    const { estimator, horizon, steps, learningRate, targetEnergy, loss, dtype, disks, box } = settings;
    const problem = diskPackingProblem({ disks, box, horizon, loss, targetEnergy });
    const options = {
      ...estimatorOptions(settings),
      truncation: Math.min(settings.truncation, horizon),
      objective: loss === "last" ? "sum" : "mean",
    } as const;
    const rate = outerRate(learningRate, (to) => adam({ learningRate: to }));
    return {
      theta: { diameter: np.array(settings.diameter, { dtype }) },
      ...outerParts(estimator, problem, options, rate.optimizer(rate.value)),
      inner: innerProblem(problem, options, rate),
      steps,
      async evaluate(theta, initial, _steps, measure) {
        const packings = await packed(settings, [initial, theta], measure);
        const rows = [initial, theta].map(({ diameter }, i) => [diameter.item(), packings[i]!.energy]);
        const [diameter, energy] = rows[1]!;
        return {
          metrics: {
            diameter: diameter!,
            energy: energy!,
            distanceToTarget: Math.abs(energy! - targetEnergy),
          },
          table: {
            title: `Energy of the packing after ${horizon} steps (target ${targetEnergy})`,
            columns: ["", "diameter", "energy"],
            rows: [
              ["initial", ...rows[0]!],
              ["tuned", ...rows[1]!],
            ],
          },
        };
      },
      async figures(run, measure) {
        const [initial, tuned] = await packed(settings, [run.initialTheta, run.theta], measure);
        return [
          await energyFigure(settings, run, measure),
          await derivativeFigure(settings, measure),
          packingFigure(settings, "initial", run.initialTheta, initial!),
          packingFigure(settings, "tuned", run.theta, tuned!),
        ];
      },
    };
  },
});

/** After the minimisation. */
interface Packing {
  energy: number;
  /** [disks · 2] */
  positions: number[];
}

async function packed(
  { disks, box, horizon }: Config,
  thetas: readonly DiskTheta[],
  measure: Measure,
): Promise<Packing[]> {
  const problem = diskPackingProblem({ disks, box, horizon });
  const rows = await measureEach(measure, "packings", thetas, ({ diameter }) => {
    const theta = { diameter: diameter.astype("float64") };
    const { state, losses } = unroll(problem, theta, { key: random.key(0) });
    return [losses.data[horizon - 1]!, ...(state as DiskState).positions.data];
  });
  return rows.map(([energy, ...positions]) => ({ energy: energy!, positions }));
}

/** What `problem` returns as loss of each step [steps, diameters]. */
function lossesAt(problem: Problem<DiskTheta>, diameters: readonly number[]): ArrayLike<number> {
  const thetas = { diameter: np.array(Float64Array.from(diameters)) };
  return unroll(problem, thetas, { key: random.key(0), isThetaBatched: true }).losses.data;
}

/** Per horizon, what `problem` returns as loss of its last step at all diameters of the curves. */
async function curves(
  name: string,
  problem: Problem<DiskTheta>,
  points: number,
  measure: Measure,
): Promise<Series[]> {
  const x = grid(...range, points);
  const found = await measureInChunks(measure, name, x, 51, (diameters) => {
    const losses = lossesAt(problem, diameters);
    return diameters.flatMap((_, i) => horizons.map((steps) => losses[(steps - 1) * diameters.length + i]!));
  });
  return horizons.map((steps, h) => ({
    name: `T = ${steps}`,
    x,
    y: x.map((_, i) => found[i * horizons.length + h]!),
  }));
}

function energies({ disks, box }: Config) {
  return diskPackingProblem({ disks, box, horizon: Math.max(...horizons) });
}

async function energyFigure(settings: Config, run: RunRecord<DiskTheta>, measure: Measure): Promise<Figure> {
  const { disks, box, horizon, points } = settings;
  const path = thin(run.metrics, 150).map(({ theta }) => theta!["diameter"]![0]!);
  const reached = await measureInChunks(measure, "path", path, 50, (diameters) => {
    const losses = lossesAt(diskPackingProblem({ disks, box, horizon }), diameters);
    return diameters.map((_, i) => losses[(horizon - 1) * diameters.length + i]!);
  });
  return {
    id: "energy",
    title: "Energy of the packing against the diameter",
    caption:
      "After the given steps of minimisation, and the thetas of the run at their packings. Below jamming (about 0.7 for 16 disks in 3.2) which packing is reached changes from point to point; above it the curve is smooth. After the energy surfaces of Metz et al. (2021).",
    x: { label: "diameter of the small disks" },
    y: { label: "energy" },
    series: [
      ...(await curves("energy", energies(settings), points, measure)),
      { name: "theta", kind: "dots", x: path, y: reached },
    ],
    references: [{ axis: "y", value: settings.targetEnergy, label: "target" }],
  };
}

async function derivativeFigure(settings: Config, measure: Measure): Promise<Figure> {
  const one = { diameter: np.array(1, { dtype: "float64" }) };
  const series = await curves(
    "derivative",
    alongDirection(energies(settings), one),
    settings.points,
    measure,
  );
  return {
    id: "derivative",
    title: "Size of the exact derivative of the energy",
    caption:
      "|dE/dD| after the given steps, by forward mode in float64. Most diameters have a modest derivative; where contacts are made and broken on the way it grows exponentially with the steps, while the energy itself stays bounded. After the gradients of Metz et al. (2021) on disk packing.",
    x: { label: "diameter of the small disks" },
    y: { label: "|dE/dD|", scale: "log", domain: [1e-4, 1e20] },
    series: series
      .map((one) => ({ ...one, y: one.y.map((slope) => Math.max(1e-4, Math.abs(slope))) }))
      .toReversed(),
  };
}

/** The box with its periodic images left and right. */
function packingFigure(
  settings: Config,
  name: "initial" | "tuned",
  { diameter }: DiskTheta,
  { positions, energy }: Packing,
): Figure {
  const { box } = settings;
  const wrapped = positions.map((x) => x - box * Math.floor(x / box));
  // As wide as the drawing is in comparison to its height, so that circles are round.
  const [left, right] = [box / 2 - 0.95 * box, box / 2 + 0.95 * box];
  const outlines = Array.from({ length: settings.disks }, (_, i) => {
    const [x, y, size] = [wrapped[2 * i]!, wrapped[2 * i + 1]!, i % 2 === 0 ? 1 : diameter.item()];
    const isInside = (at: number, low: number, high: number): boolean =>
      at > low - size / 2 && at < high + size / 2;
    const images = [-1, 0, 1].map((image) => image * box);
    return images.flatMap((dx) =>
      images
        .filter((dy) => isInside(x + dx, left, right) && isInside(y + dy, 0, box))
        .map((dy) => outline(i % 2 === 0 ? "large" : "small", x + dx, y + dy, size / 2)),
    );
  });
  return {
    id: `packing-${name}`,
    title: `The packing at the ${name} diameter ${diameter.item().toFixed(3)}`,
    caption: `After ${settings.horizon} steps of minimisation: energy ${energy.toFixed(4)}. The lines mark the periodic box; overlaps cost energy.`,
    x: { label: "x", domain: [left, right] },
    y: { label: "y", domain: [0, box] },
    series: outlines.flat(),
    references: [
      { axis: "x", value: 0, label: "box" },
      { axis: "x", value: box, label: "box" },
    ],
  };
}

function outline(name: string, x: number, y: number, radius: number): Series {
  const turns = grid(0, 2 * Math.PI, 41);
  return {
    name,
    x: turns.map((turn) => x + radius * Math.cos(turn)),
    y: turns.map((turn) => y + radius * Math.sin(turn)),
  };
}
