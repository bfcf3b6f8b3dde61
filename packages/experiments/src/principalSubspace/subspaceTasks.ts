/** The matrices of `principal-subspace`, each with its principal subspace, and where features of it start. */
import {
  type FeatureMap,
  type Key,
  type Layer,
  type SampledMatrix,
  type SubspaceTheta,
  type Tensor,
  applyMlp,
  denseMatrix,
  fanInNormal,
  g20,
  initMlp,
  initTable,
  np,
  pixelMatrix,
  principalDirections,
  puddleWorldSr,
  random,
  syntheticPsi,
} from "unspool";
import { mnistPixels } from "../shared/data/mnist.ts";

export const taskNames = ["g20", "many-columns", "mnist", "puddle-world"] as const;
export type TaskName = (typeof taskNames)[number];

/** Parameters of features: a table, or layers of a network. */
export type Features = Tensor | Layer[];

export interface SubspaceTask {
  matrix: SampledMatrix;
  /** Default: a table. */
  features?: FeatureMap<Layer[]>;
  /** The subspace [S, d] that is sought. */
  target: Tensor;
  init(key: Key): SubspaceTheta<Features>;
  /** Whole columns, one a row, for streaming rules. */
  columns(key: Key, count: number): Tensor;
}

export interface TaskOptions {
  dimensions: number;
  /** Images of MNIST. */
  images: number;
  /** Bins per side of PuddleWorld. */
  bins: number;
}

/** Made once for each set of options: the cells of a study share their matrix. */
const known = new Map<string, SubspaceTask>();

export function subspaceTask(name: TaskName, { dimensions, images, bins }: TaskOptions): SubspaceTask {
  const options = { dimensions, images, bins };
  const signature = JSON.stringify([name, options]);
  const task = known.get(signature) ?? makers[name](options);
  known.set(signature, task);
  return task;
}

const makers: Readonly<Record<TaskName, (options: TaskOptions) => SubspaceTask>> = {
  g20: ({ dimensions }) => denseTask(g20(), dimensions),
  "many-columns": ({ dimensions }) => denseTask(manyColumns(), dimensions),
  mnist({ dimensions, images }) {
    const { matrix, columns, directions } = pixelMatrix(mnistPixels(images));
    const table = tableOf(matrix, dimensions);
    const draw = (key: Key, count: number): Tensor => columns(random.randint(key, [count], 0, images));
    return { matrix, target: directions(dimensions).basis, init: table, columns: draw };
  },
  "puddle-world"({ dimensions, bins }) {
    const { values, matrix } = puddleWorldSr({ bins });
    const { target, columns } = denseTask(values, dimensions);
    const init = (key: Key): SubspaceTheta<Features> => ({
      features: initMlp(key, [2, 100, dimensions], { weights: fanInNormal }),
    });
    return { matrix, target, init, columns, features: (layers, rows) => applyMlp(layers, rows) };
  },
};

function denseTask(psi: Tensor, dimensions: number): SubspaceTask {
  const lines = np.transpose(psi).astype("float32") as Tensor;
  const matrix = denseMatrix(psi.astype("float32"));
  return {
    matrix,
    target: principalDirections(psi, dimensions).basis,
    init: tableOf(matrix, dimensions),
    columns: (key, count) => np.take(lines, random.randint(key, [count], 0, lines.shape[0]!), 0) as Tensor,
  };
}

const tableOf =
  ({ rows }: SampledMatrix, dimensions: number): SubspaceTask["init"] =>
  (key) => ({ features: initTable(key, rows!, dimensions) });

/** H diag(10, 9, 8, 7, 1, …) Ξ / √20 with Ξ [20, 4000] standard normal: few rows, and a new column nearly every step. */
export function manyColumns(): Tensor {
  const spectrum = [10, 9, 8, 7, ...Array<number>(16).fill(1)];
  const left = syntheticPsi(random.key(0), { rows: 20, columns: 20, spectrum, isHouseholder: true });
  const draws = random.normal(random.key(20), [20, 4000], { dtype: "float64" });
  return (np.matmul(left, draws) as Tensor).div(Math.sqrt(20));
}
