/** W2 in jax-js: one compiled function for a step of all particles, one for what is around ten of them. */
import { jit, numpy as np, random } from "@jax-js/jax";
import type { Runner } from "../../contestant.ts";
import type { Workload } from "../../workloads/table.ts";
import { repeat } from "./repeat.ts";

const [pairs, sigma, horizon, steps] = [500, 0.1, 100, 10];
const [rate, beta1, beta2, eps] = [1e-2, 0.99, 0.999, 1e-8];

interface Particles {
  [name: string]: np.Array;
  /** [2 pairs] each. */
  x0: np.Array;
  x1: np.Array;
  loss: np.Array;
}

interface State {
  [name: string]: np.Array;
  /** [2] each. */
  theta: np.Array;
  first: np.Array;
  second: np.Array;
  /** [pairs, 2] */
  xi: np.Array;
  x0: np.Array;
  x1: np.Array;
}

const draw = jit((key: np.Array, theta: np.Array, xi: np.Array) => {
  const noise = random.normal(key, [pairs, 2]).mul(sigma);
  const rates = np.exp(np.concatenate([theta.ref.add(noise.ref), theta.sub(noise.ref)]));
  return { sum: xi.add(noise), from: rates.ref.slice([], 0), to: rates.slice([], 1) };
});

const step = jit(
  (progress: np.Array, from: np.Array, to: np.Array, { x0, x1, loss }: Particles): Particles => {
    const lr = from.mul(np.subtract(1, progress.ref)).add(to.mul(progress));
    const wave = np.sin(x1.ref);
    const bell = np.exp(np.square(x0.ref).mul(-5));
    const root = np.sqrt(np.square(x0.ref).add(5));
    const d0 = x0.ref.div(root).sub(np.square(wave.ref).mul(bell.ref).mul(x0.ref).mul(10));
    const d1 = wave
      .mul(np.cos(x1.ref))
      .mul(bell)
      .mul(2)
      .add(np.sign(x1.ref.sub(100)).mul(0.25));
    const next0 = x0.sub(lr.ref.mul(d0));
    const next1 = x1.sub(lr.mul(d1));
    const bowl = np.sqrt(np.square(next0.ref).add(5)).sub(Math.sqrt(5));
    const ridge = np.square(np.sin(next1.ref)).mul(np.exp(np.square(next0.ref).mul(-5)));
    const value = bowl.add(ridge).add(np.abs(next1.ref.sub(100)).mul(0.25));
    return { x0: next0, x1: next1, loss: loss.add(value) };
  },
);

const update = jit(
  (t: np.Array, loss: np.Array, sum: np.Array, theta: np.Array, first: np.Array, second: np.Array) => {
    const difference = loss.ref.slice([0, pairs]).sub(loss.slice([pairs, 2 * pairs]));
    const gradient = sum
      .mul(difference.reshape([pairs, 1]))
      .mean(0)
      .mul(1 / (2 * sigma ** 2));
    const m = first.mul(beta1).add(gradient.ref.mul(1 - beta1));
    const s = second.mul(beta2).add(np.square(gradient).mul(1 - beta2));
    const [mHat, sHat] = [
      m.ref.div(np.subtract(1, np.power(beta1, t.ref))),
      s.ref.div(np.subtract(1, np.power(beta2, t))),
    ];
    return { theta: theta.sub(mHat.div(np.sqrt(sHat).add(eps)).mul(rate)), first: m, second: s };
  },
);

export function toy({ restartEvery }: Workload): Runner {
  let draws = 0;
  const ones = () => np.ones([2 * pairs]);
  return repeat<State>({
    restartEvery,
    start: () => ({
      theta: np.array([Math.log(0.01), Math.log(0.01)]),
      first: np.zeros([2]),
      second: np.zeros([2]),
      xi: np.zeros([pairs, 2]),
      x0: ones(),
      x1: ones(),
    }),
    update({ theta, first, second, xi, x0, x1 }, index) {
      const { sum, from, to } = draw(random.key(draws++), theta.ref, xi);
      const t = (index * steps) % horizon;
      let particles: Particles = { x0, x1, loss: np.zeros([2 * pairs]) };
      for (let k = 0; k < steps; k++) {
        particles = step(np.array((t + k) / horizon), from.ref, to.ref, particles);
      }
      from.dispose();
      to.dispose();
      const moved = update(np.array(index + 1), particles.loss, sum.ref, theta, first, second);
      if (t + steps < horizon) return { ...moved, xi: sum, x0: particles.x0, x1: particles.x1 };
      for (const old of [sum, particles.x0, particles.x1]) old.dispose();
      return { ...moved, xi: np.zeros([pairs, 2]), x0: ones(), x1: ones() };
    },
  });
}
