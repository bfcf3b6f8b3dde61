/** One episode of the swimmer by a filtered linear policy, seen from above: its path and its first strokes. */
import {
  type Figure,
  type FigureFrame,
  type FilteredTheta,
  type Key,
  type LinearTheta,
  type Scene,
  type SimulatedFilter,
  linearSimulated,
  plainFilter,
  playSimulated,
  spaceSize,
} from "unspool";
import { mujocoEnvironments } from "../mujoco/mujocoEnvironments.ts";
import { thin } from "../shared/series.ts";

export type SwimmingTheta = FilteredTheta<LinearTheta>;

/** Of filtered observations. */
export const clip = 10;

/** Numbers of the policy, and what it sees through. */
export function plainPolicy({ policy, filter }: SwimmingTheta): {
  weights: Float64Array;
  filter: SimulatedFilter;
} {
  return { weights: Float64Array.from(policy.weights.data), filter: { ...plainFilter(filter), clip } };
}

/** Pictures before every action. */
async function scenesOf(theta: SwimmingTheta, key: Key, steps: number): Promise<Scene[]> {
  const environment = mujocoEnvironments.create("swimmer");
  const instance = await environment.create();
  const { weights, filter } = plainPolicy(theta);
  const policy = linearSimulated({
    observationSize: spaceSize(environment.observationSpace),
    actionSize: spaceSize(environment.actionSpace),
  });
  const scenes: Scene[] = [];
  playSimulated(environment, instance, policy, weights, key, {
    ...{ steps, filter },
    onStep: () => scenes.push(instance.scene!()),
  });
  instance.close?.();
  return scenes;
}

/** Of the three links, which weigh the same. */
function centreOf({ shapes }: Scene): [x: number, y: number] {
  const points = shapes.flatMap((shape) => (shape.kind === "path" ? shape.points : []));
  const mean = (axis: 0 | 1) => points.reduce((sum, point) => sum + point[axis], 0) / points.length;
  return [mean(0), mean(1)];
}

const secondsOfAction = 0.04;
/** Pictures of strokes, and actions between two of them: 0.2 s. */
const pictures = 12;
const between = 5;

export async function swimmingFigures(
  initial: SwimmingTheta,
  tuned: SwimmingTheta,
  key: Key,
  steps: number,
): Promise<Figure[]> {
  const [first, last] = [await scenesOf(initial, key, steps), await scenesOf(tuned, key, steps)];
  const series = (name: string, scenes: readonly Scene[]) => {
    const points = thin(scenes.map(centreOf), 500);
    return { name, x: points.map(([x]) => x), y: points.map(([, y]) => y) };
  };
  const frames = last
    .filter((_, t) => t % between === 0)
    .slice(0, pictures)
    .map(({ shapes }, i): FigureFrame => ({
      label: `${((i * between + 1) * secondsOfAction).toFixed(2)} s`,
      shapes,
    }));
  const axes = { x: { label: "x (m)" }, y: { label: "y (m)" } };
  return [
    {
      ...{ id: "path", title: "Path of the swimmer's centre", ...axes },
      caption: `One episode of ${steps} actions (${(steps * secondsOfAction).toFixed(0)} s) from the same start: it is rewarded for its velocity to the right.`,
      series: [series("initial", first), series("tuned", last)],
    },
    {
      ...{ id: "strokes", title: "The tuned swimmer from above", ...axes },
      caption:
        "The first strokes of the tuned policy; the head is to the right, and pictures follow the swimmer.",
      series: [],
      frames,
    },
  ];
}
