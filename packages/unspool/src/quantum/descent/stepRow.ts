/** Several steps down one loss as one program, with the bits of single ones. */
import { type Key, type Tensor, type Tree, random, scan, tree } from "../../array/index.ts";
import { type MethodSteps, loggedThetaSize } from "../../methods/index.ts";
import { compiled } from "../../unroll/index.ts";
import type { QuantumTask } from "../tasks/quantumTask.ts";
import type { QuantumDescentState, StepFunction, StepOutcome } from "./quantumDescent.ts";

/** Steps of one program, the longest first. What is left over is taken one by one. */
const lengths = [32, 8];

type Row<Theta> = (
  theta: Theta,
  state: QuantumDescentState,
  key: Key,
  from: number,
  most: number,
) => MethodSteps<Theta, QuantumDescentState> | undefined;

type Recorded<Theta> = Omit<StepOutcome<Theta>, "theta" | "rule"> & { thetas: unknown };

/** As `Method.several`; undefined where fewer than eight steps are asked for. */
export function stepRow<Theta>(
  name: string,
  task: QuantumTask<Theta>,
  once: StepFunction<Theta>,
): Row<Theta> {
  const program = (length: number) =>
    compiled(name, (theta: Theta, rule: Tree, key: Key, from: Tensor) => {
      type At = { theta: Theta; rule: Tree };
      const step = (at: At, _: undefined, i: Tensor): [At, Recorded<Theta>] => {
        const made = once(at.theta, at.rule, task.target.loss, random.foldIn(key, from.add(i)));
        const { theta: next, rule: after, ...record } = made;
        const thetas = tree.size(theta) <= loggedThetaSize ? next : {};
        return [
          { theta: next, rule: after },
          { ...record, thetas },
        ];
      };
      const [end, records] = scan(step, { theta, rule }, undefined, { length });
      return { end, records };
    });
  const programs = new Map(lengths.map((length) => [length, program(length)] as const));
  return (theta, state, key, from, most) => {
    const length = lengths.find((one) => one <= most);
    if (length === undefined) return undefined;
    const { end, records } = programs.get(length)!(theta, state.rule, key, tree.scalar(from, "int32"));
    const { loss, isFinite, gradientNorm, metrics, thetas } = records;
    const isExact = task.loss.settings.mode === "exact";
    return {
      theta: end.theta,
      state: { rule: end.rule, steps: state.steps + length },
      steps: length,
      innerSteps: 1,
      ...{ loss, isFinite, thetas },
      metrics: {
        ...(isExact && { relativeEntropy: loss.sub(task.target.floor) }),
        gradientNorm,
        ...metrics,
      },
    };
  };
}
