/** Small systems whose exponents and gradients are known, for tests. */
import { type Tensor, np, random } from "../array/index.ts";
import { type Problem, defineProblem } from "../unroll/index.ts";

const wide = { dtype: "float64" } as const;

export interface LogisticOptions {
  horizon?: number;
  /** The first state; default a uniform number from the trajectory's key. */
  start?: number;
}

/** x' = r x (1 - x); the loss is x'. */
export function logistic(options: LogisticOptions = {}): Problem<{ r: Tensor }, Tensor> {
  const { horizon = Infinity, start } = options;
  return defineProblem({
    name: "logistic",
    horizon,
    init: (_theta, key) =>
      start === undefined ? random.uniform(key, [], { minval: 0.1, maxval: 0.9 }) : np.array(start, wide),
    step({ r }: { r: Tensor }, x: Tensor) {
      const next = x.mul(x.neg().add(1)).mul(r);
      return { state: next, loss: next };
    },
  });
}

/** x' = 1 - a x² + y, y' = b x; the loss is x'. Theta is [a, b]. */
export function henon(): Problem<Tensor, { x: Tensor; y: Tensor }> {
  return defineProblem({
    name: "henon",
    horizon: Infinity,
    init: (_theta, key) => ({ x: random.uniform(key, [], { maxval: 0.1 }), y: np.zeros([]) }),
    step(theta: Tensor, { x, y }) {
      const next = { x: y.add(1).sub(theta.slice(0).mul(x).mul(x)), y: theta.slice(1).mul(x) };
      return { state: next, loss: next.x };
    },
  });
}

/** The Lorenz flow by Euler's method; the loss is z'. Theta is rho. */
export function lorenz(dt = 0.005): Problem<Tensor, Tensor> {
  return defineProblem({
    name: "lorenz",
    horizon: Infinity,
    init: (_theta, key) => random.normal(key, [3]).add(np.array([1, 1, 25])),
    step(rho: Tensor, s: Tensor) {
      const [x, y, z] = [s.slice(0), s.slice(1), s.slice(2)] as [Tensor, Tensor, Tensor];
      const velocity = np.stack([y.sub(x).mul(10), x.mul(rho.sub(z)).sub(y), x.mul(y).sub(z.mul(8 / 3))]);
      const next = s.add(velocity.mul(dt));
      return { state: next, loss: next.slice(2) };
    },
  });
}

/** s' = A s + B theta; the loss is the sum of the state that comes in. */
export function linearMap(
  transition: readonly (readonly number[])[],
  control: readonly (readonly number[])[] = transition.map((): number[] => [1]),
  horizon: number = Infinity,
): Problem<Tensor, Tensor> {
  const [a, b] = [np.array(transition as number[][], wide), np.array(control as number[][], wide)];
  return defineProblem({
    name: "linearMap",
    horizon,
    init: () => np.ones([transition.length], wide),
    step: (theta: Tensor, s: Tensor): { state: Tensor; loss: Tensor } => ({
      state: np.matmul(a, s).add(np.matmul(b, theta)),
      loss: s.sum(),
    }),
  });
}

/** Numbers in [-1, 1] from a seed (mulberry32). */
export function numbers(seed: number, count: number): Float64Array {
  let state = seed >>> 0;
  return Float64Array.from({ length: count }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return (((word ^ (word >>> 14)) >>> 0) / 2 ** 32) * 2 - 1;
  });
}
