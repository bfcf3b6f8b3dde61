/** Trajectories of a state-space model. */
import { type Key, type Tensor, isTracing, np, random, scan, tree } from "../../array/index.ts";
import { requireInteger } from "../../errors.ts";
import { compiled } from "../../unroll/index.ts";
import type { StateSpaceModel } from "./stateSpaceModel.ts";

/** States [T, dx] and what is observed of them [T, dy]. */
export interface SimulatedTrajectory {
  x: Tensor;
  y: Tensor;
}

/** Programs by model and number of steps. */
const programs = new WeakMap<object, Map<number, (theta: unknown, key: Key) => SimulatedTrajectory>>();

/**
 * One trajectory of `steps` steps. Randomness comes from streams of the key by name and step: `initial`, `transition` and
 * `emission` of one step never share a draw. Called outside of a trace it is one compiled program; several trajectories are
 * `vmap((key) => simulate(model, theta, key, steps))(keys)`.
 *
 * @throws OptionError unless `steps` is an integer of at least 1.
 */
export function simulate<Theta>(
  model: StateSpaceModel<Theta>,
  theta: Theta,
  key: Key,
  steps: number,
): SimulatedTrajectory {
  requireInteger("simulate", "steps", steps, 1);
  if (isTracing()) return trajectory(model, theta, key, steps);
  const known = programs.get(model) ?? new Map<number, (theta: unknown, key: Key) => SimulatedTrajectory>();
  programs.set(model, known);
  const program =
    known.get(steps) ??
    compiled(`simulate ${model.name}`, (at: unknown, from: Key) =>
      trajectory(model, at as Theta, from, steps),
    );
  known.set(steps, program);
  return program(tree.tensors(theta), key);
}

function trajectory<Theta>(
  model: StateSpaceModel<Theta>,
  theta: Theta,
  key: Key,
  steps: number,
): SimulatedTrajectory {
  const stream = (name: string, t: Tensor): Key => random.foldIn(random.foldIn(key, name), t);
  const observe = (x: Tensor, t: Tensor): Tensor => model.emission(theta, x, t).sample(stream("emission", t));
  const first = model.initial(theta).sample(random.foldIn(key, "initial"));
  const zero = np.array(0, { dtype: "int32" });
  const start = { x: first, y: observe(first, zero) };
  const row = (x: Tensor): Tensor => x.reshape([1, ...x.shape]);
  if (steps === 1) return { x: row(start.x), y: row(start.y) };
  const step = (x: Tensor, _: null, k: Tensor): [Tensor, SimulatedTrajectory] => {
    const t = k.add(1);
    const next = model.transition(theta, x, t).sample(stream("transition", t)).astype(first.dtype);
    return [next, { x: next, y: observe(next, t) }];
  };
  const [, rest] = scan(step, first, null, { length: steps - 1 });
  return {
    x: np.concatenate([row(start.x), rest.x]),
    y: np.concatenate([row(start.y), rest.y]),
  };
}
