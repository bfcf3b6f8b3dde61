/** Several updates of one party of `sixo` as one program, with the bits of single ones. */
import { type Key, type Tensor, type Tree, np, random, scan, tree } from "../../array/index.ts";
import { loggedThetaSize } from "../../methods/index.ts";
import { allFinite } from "../../optimizers/index.ts";
import { compiled } from "../../unroll/index.ts";

/** Updates of one program, the longest first. What is left over is taken one by one. */
const lengths = [16, 4];

/** One update, traced. `Seen` is what else it has to tell: scores of a classifier. */
export interface PartyUpdate<Theta, Seen> {
  theta: Theta;
  /** Of the optimizer. */
  state: Tree;
  loss: Tensor;
  gradientNorm: Tensor;
  seen: Seen;
}

/** What all updates of a row have told, each with a first axis of their number. */
export interface PartyRow<Theta, Seen> {
  theta: Theta;
  state: Tree;
  steps: number;
  records: { loss: Tensor; gradientNorm: Tensor; seen: Seen; isFinite: Tensor; thetas: unknown };
}

type Row<Theta, Data, Seen> = (
  at: { theta: Theta; state: Tree; data: Data; key: Key; from: number },
  most: number,
) => PartyRow<Theta, Seen> | undefined;

/** Of at most `most` updates from step `from` on, whose keys are `foldIn(key, step)`; undefined of fewer than four. */
export function sixoRow<Theta, Data, Seen>(
  name: string,
  update: (theta: Theta, state: Tree, data: Data, key: Key) => PartyUpdate<Theta, Seen>,
): Row<Theta, Data, Seen> {
  type At = { theta: Theta; state: Tree };
  const program = (length: number) =>
    compiled(name, (theta: Theta, state: Tree, data: Data, key: Key, from: Tensor) => {
      const step = (at: At, _: undefined, i: Tensor): [At, PartyRow<Theta, Seen>["records"]] => {
        const made = update(at.theta, at.state, data, random.foldIn(key, from.add(i)));
        const { loss, gradientNorm, seen } = made;
        const isFinite = np.logicalAnd(np.isfinite(loss), allFinite(made.theta)) as Tensor;
        const thetas = tree.size(made.theta) <= loggedThetaSize ? made.theta : {};
        return [
          { theta: made.theta, state: made.state },
          { loss, gradientNorm, seen, isFinite, thetas },
        ];
      };
      const [end, records] = scan(step, { theta, state }, undefined, { length });
      return { end, records };
    });
  const programs = new Map(lengths.map((length) => [length, program(length)] as const));
  return ({ theta, state, data, key, from }, most) => {
    const steps = lengths.find((one) => one <= most);
    if (steps === undefined) return undefined;
    const { end, records } = programs.get(steps)!(theta, state, data, key, tree.scalar(from, "int32"));
    return { ...end, steps, records };
  };
}
