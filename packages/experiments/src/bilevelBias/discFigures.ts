/** Two learned points against a disc in a ring: what the weights of warm starts answer, and those trained on the points alone. */
import {
  type Figure,
  type Measure,
  type Tensor,
  adam,
  bilevel,
  compiled,
  discAndRing,
  np,
  random,
} from "unspool";
import { grid } from "../shared/series.ts";

/** As in the paper test: a setting that was chosen because warm starts do well in it. */
const outerSteps = 2000;
/** Outer steps between two points of the path that is drawn. */
const stride = 10;
const side = grid(-1.5, 1.5, 61);

export async function discFigures(measure: Measure): Promise<Figure[]> {
  const task = discAndRing({ width: 0.3 });
  const [numbers] = await measure("two points", 1, () => measured(task));
  const { path, warm, retrained } = apart(numbers!);
  const drawn = (id: string, what: string, { accuracy, answers }: Answers): Figure => ({
    id,
    title: `Two learned points, ${what}: accuracy ${accuracy.toFixed(2)}`,
    caption:
      "Colours are the model's answer, cut at -1 (disc) and 1 (ring); lines are the paths of the two learned points. Warm-started weights " +
      "have gathered the ring while a point went round it; the points alone cannot say it. After the two-dimensional distillation of Vicol " +
      "et al. 2022. A chosen setting: of twelve random starts two show it.",
    x: { label: "x₁", domain: [-1.5, 1.5] },
    y: { label: "x₂", domain: [-1.5, 1.5] },
    heatmap: { x: side, y: side, values: answers, label: "answer" },
    series: [
      { name: "disc", kind: "dots", ...places(task.places, 0) },
      { name: "ring", kind: "dots", ...places(task.places, 1) },
      { name: "first learned point", x: path.map((at) => at[0]!), y: path.map((at) => at[1]!) },
      { name: "second learned point", x: path.map((at) => at[2]!), y: path.map((at) => at[3]!) },
    ],
  });
  return [
    drawn("disc-warm", "weights of warm starts", warm),
    drawn("disc-retrained", "weights trained on them alone", retrained),
  ];
}

interface Answers {
  accuracy: number;
  /** At the points of the grid, row by row. */
  answers: number[];
}

/** The path of the points, then accuracy and answers of both weights. */
function measured(task: ReturnType<typeof discAndRing>): number[] {
  const { inner, outer } = task;
  const method = bilevel({
    inner,
    outer,
    solver: task.descend(1),
    optimizer: adam({ learningRate: 0.1 }),
    hypergradient: { kind: "neumann", terms: 5 },
    retrain: { every: 0 },
  });
  const key = random.key(0);
  let theta = task.theta;
  let state = method.init(theta, key);
  const path: number[] = [];
  for (let i = 0; i < outerSteps; i++) {
    if (i % stride === 0) path.push(...Array.from(theta.outer.data, Number));
    ({ theta, state } = method.step(theta, state, random.foldIn(key, i)));
  }
  const at = np.array(
    side.flatMap((y) => side.map((x) => [x, y])),
    { dtype: "float64" },
  );
  const model = compiled("answers", (weights: Tensor, x: Tensor) => ({
    accuracy: task.accuracy(weights),
    answers: task.predict(weights, x),
  }));
  const answersOf = (weights: Tensor): number[] => {
    const { accuracy, answers } = model(weights, at);
    return [
      accuracy.item(),
      ...Array.from(answers.data, (value) => Math.max(-1, Math.min(1, Number(value)))),
    ];
  };
  return [...path, ...answersOf(theta.weights), ...answersOf(task.solve(theta.outer, task.theta.weights))];
}

function apart(numbers: readonly number[]) {
  const points = outerSteps / stride;
  const path = Array.from({ length: points }, (_, i) => numbers.slice(4 * i, 4 * i + 4));
  const size = 1 + side.length ** 2;
  const answersFrom = (start: number): Answers => ({
    accuracy: numbers[start]!,
    answers: numbers.slice(start + 1, start + size),
  });
  return { path, warm: answersFrom(4 * points), retrained: answersFrom(4 * points + size) };
}

/** The given points of a class: the first half is the disc. */
function places(points: Tensor, which: 0 | 1): { x: number[]; y: number[] } {
  const rows = points.toArray() as number[][];
  const half = rows.length / 2;
  const chosen = rows.slice(which * half, (which + 1) * half);
  return { x: chosen.map(([x]) => x!), y: chosen.map(([, y]) => y!) };
}
