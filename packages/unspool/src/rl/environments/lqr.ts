/**
 * A linear system with quadratic costs, of which every expectation has a closed form: for tests of estimators.
 *
 *     x' = A x + B u + w,   w ~ N(0, W),   x_0 ~ N(0, S0),   r = -(xᵀ Q x + uᵀ R u)   of the state before the step
 *
 * The defaults are a mass that is pushed, observed whole.
 */
import { type Key, type Tensor, linalg, np, random } from "../../array/index.ts";
import { OptionError, requireKnownOptions } from "../../errors.ts";
import { type Environment, defineEnvironment } from "./environment.ts";
import { type EnvironmentSettings, environmentSettings } from "./environmentSettings.ts";
import type { Scene } from "./scene.ts";
import { boxSpace } from "./space.ts";

type Matrix = readonly (readonly number[])[];

/** [n]. */
export type LqrState = { x: Tensor };

export interface LqrOptions extends EnvironmentSettings {
  /** A, [n, n]. Default [[1, 0.1], [0, 1]]. */
  dynamics?: Matrix;
  /** B, [n, m]. Default [[0], [0.1]]. */
  control?: Matrix;
  /** Q, [n, n]. Default diag(1, 0.1). */
  stateCost?: Matrix;
  /** R, [m, m]. Default [[0.01]]. */
  controlCost?: Matrix;
  /** S0, covariance of the start, [n, n]. Default diag(1, 0.5). */
  startCovariance?: Matrix;
  /** W, covariance of the noise, [n, n]. Default zeros. */
  noiseCovariance?: Matrix;
}

const names = [
  "dynamics",
  "control",
  "stateCost",
  "controlCost",
  "startCovariance",
  "noiseCovariance",
] as const;

/** The linear-quadratic regulator; 50 steps. The discount is that of whoever plays. */
export function lqr(options: LqrOptions = {}): Environment<LqrState> {
  requireKnownOptions("lqr", options, [...names, "timeLimit", "dtype"]);
  const { timeLimit, dtype } = environmentSettings("lqr", options, 50, names);
  const {
    dynamics = [
      [1, 0.1],
      [0, 1],
    ],
    control = [[0], [0.1]],
    stateCost = [
      [1, 0],
      [0, 0.1],
    ],
    controlCost = [[0.01]],
    startCovariance = [
      [1, 0],
      [0, 0.5],
    ],
  } = options;
  const [n, m] = [dynamics.length, control[0]?.length ?? 0];
  const { noiseCovariance = square(n) } = options;
  const matrix = (name: string, rows: Matrix, height: number, width: number): Tensor => {
    if (rows.length !== height || rows.some((row) => row.length !== width))
      throw new OptionError("lqr", name, rows, `a matrix [${height}, ${width}]`);
    return np.array(rows.flat(), { shape: [height, width], dtype });
  };
  const a = matrix("dynamics", dynamics, n, n);
  const b = matrix("control", control, n, m);
  const q = matrix("stateCost", stateCost, n, n);
  const r = matrix("controlCost", controlCost, m, m);
  const start = rootOf(matrix("startCovariance", startCovariance, n, n));
  const isNoisy = noiseCovariance.some((row) => row.some((x) => x !== 0));
  const noise = rootOf(matrix("noiseCovariance", noiseCovariance, n, n));
  const quadratic = (form: Tensor, x: Tensor): Tensor => x.mul(np.matmul(form, x) as Tensor).sum();
  const draw = (root: Tensor, key: Key): Tensor =>
    np.matmul(root, random.normal(key, [n], { dtype })) as Tensor;
  return defineEnvironment<LqrState>({
    name: "lqr",
    observationSpace: boxSpace({ shape: [n] }),
    actionSpace: boxSpace({ shape: [m] }),
    timeLimit,
    reset: (key: Key) => ({ x: draw(start, key) }),
    observe: ({ x }) => x,
    step({ x }, action, key) {
      const u = action.astype(dtype);
      const moved = np.matmul(a, x).add(np.matmul(b, u) as Tensor);
      return {
        state: { x: isNoisy ? moved.add(draw(noise, key)) : moved },
        reward: quadratic(q, x).add(quadratic(r, u)).neg(),
        terminated: np.zeros([], { dtype: "bool" }),
      };
    },
    scene: lqrScene,
  });
}

/** Half width of a picture: three standard deviations of the default's start. */
const shown = 3;

/** A row for each coordinate, the first on top: where it is, and 0, where it is to be. */
function lqrScene({ x }: LqrState): Scene {
  return {
    shapes: Array.from(x.data).flatMap((value, i): Scene["shapes"] => [
      {
        kind: "path",
        role: "ground",
        points: [
          [-shown, -i],
          [shown, -i],
        ],
      },
      {
        kind: "path",
        role: "goal",
        points: [
          [0, 0.3 - i],
          [0, -0.3 - i],
        ],
      },
      { kind: "disc", role: i === 0 ? "body" : "second", centre: [value, -i], radius: 0.15 },
    ]),
  };
}

const square = (n: number): number[][] => Array.from({ length: n }, () => Array.from({ length: n }, () => 0));

/** L with L Lᵀ = S, also where S is singular. */
function rootOf(covariance: Tensor): Tensor {
  const [eigenvalues, eigenvectors] = linalg.eigh(covariance);
  return eigenvectors.mul(np.sqrt(np.maximum(eigenvalues, 0)) as Tensor);
}
