/** Where a trajectory stops being finite: the first step, and the leaf of the state (or the loss) that it begins in. */
import { type Key, type Tensor, np, tree } from "../array/index.ts";
import { measuredHorizon } from "../diagnostics/index.ts";
import {
  type ForwardProgram,
  type Problem,
  advance,
  eraseProblem,
  executorFor,
  initialState,
} from "../unroll/index.ts";

export interface NonFiniteOrigin {
  /** Inner step, the first is 0; "init" where the first state is not finite already. */
  step: number | "init";
  /** Path of a leaf of the state; "loss" for the loss. */
  leaf: string;
  isLoss: boolean;
}

interface Carry {
  state: unknown;
  t: Tensor;
  /** bool [leaves + 1]: leaves of the state, and the loss last, that are not finite. */
  isBad: Tensor;
}

type Program = ForwardProgram<{ theta: unknown }, { key: Key }, object, object, Carry, object, object>;

/** Undefined where every state and loss along the trajectory of `key` is finite. Cost: one trajectory. */
export function nonFiniteOrigin(problem: Problem, theta: unknown, key: Key): NonFiniteOrigin | undefined {
  const erased = eraseProblem(problem as Problem);
  const told = (at: number, step: number | "init", names: readonly string[]): NonFiniteOrigin => {
    const isLoss = at === names.length;
    return { step, leaf: isLoss ? "loss" : names[at]!, isLoss };
  };
  const first = initialState(erased, theta, key);
  const names = tree.entries(first).map(([path]) => path || "state");
  const atStart = tree
    .leaves(first)
    .findIndex(({ data }) => [...data].some((value) => !Number.isFinite(value)));
  if (atStart >= 0) return told(atStart, "init", names);
  const program: Program = {
    name: "nonFiniteOrigin",
    length: measuredHorizon(problem),
    begin({ theta: at }, { key: from }) {
      const isBad = np.zeros([names.length + 1], { dtype: "bool" });
      const carry = { state: initialState(erased, at, from), t: tree.scalar(0, "int32"), isBad };
      return { members: [{ constant: { key: from }, carry }], kept: {} };
    },
    step({ theta: at }, constant, { state, t }) {
      const next = advance(erased, at, state, t, (constant as { key: Key }).key);
      const leaves = [...tree.leaves(next.state), next.loss];
      const isBad = np.stack(leaves.map((leaf) => np.logicalNot(isFiniteLeaf(leaf))));
      return { state: next.state, t: t.add(1), isBad };
    },
    finish: (_shared, unit) => ({ unit, mean: {}, each: {} }),
    record: ({ isBad }) => ({ isBad }),
  };
  const keys = np.array(Uint32Array.from(key.data), { shape: [1, 2] });
  const { history } = executorFor(erased).forward(program, { theta }, { key: keys });
  const step = history.findIndex(({ isBad }) => isBad!.data.some((flag) => flag !== 0));
  if (step < 0) return undefined;
  return told(
    history[step]!["isBad"]!.data.findIndex((flag) => flag !== 0),
    step,
    names,
  );
}

/** bool scalar; whole numbers are finite. */
function isFiniteLeaf(leaf: Tensor): Tensor {
  const isFloat = leaf.dtype === "float32" || leaf.dtype === "float64";
  return isFloat ? np.isfinite(leaf).all() : np.ones([], { dtype: "bool" });
}

/** In words. */
export function originWords({ step, leaf, isLoss }: NonFiniteOrigin): string {
  const what = isLoss ? "the loss" : `the state's leaf "${leaf}"`;
  return step === "init"
    ? `${what} is not finite in the first state, which init gives`
    : `${what} is the first that is not finite, after inner step ${step} (the first is 0)`;
}
