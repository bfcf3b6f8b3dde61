/** Recurrent layers over sequences, forwards or backwards, as one `scan`. */
import { Tensor, np, scan, tree } from "../array/index.ts";
import { OptionError, ShapeError, requireKnownOptions } from "../errors.ts";

/** One step of a recurrent layer: `lstm(weights)`, `gru(weights)`, or one's own. */
export interface RecurrentCell<State> {
  /** The state before the first step, for inputs [...lead, inputs]. */
  start(lead: readonly number[]): State;
  /** The state after inputs `x` [...lead, inputs]. */
  step(x: Tensor, state: State): State;
  /** What a state shows, [...lead, units]. */
  output(state: State): Tensor;
}

export interface RecurrentOptions<State> {
  /** The state before the first step. Default: the cell's own, zeros. */
  start?: State;
  /** From the last step to the first: outputs of step t have seen steps t … T - 1. Default false. */
  isReversed?: boolean;
  /**
   * bool [T] or [T, ...lead]: where a step has inputs; elsewhere the state stays as it is. Of padding, and of observations
   * that come at some steps only. Default: everywhere.
   */
  present?: Tensor;
}

/**
 * Outputs [T, ...lead, units] of `cell` for inputs `xs` [T, ...lead, inputs], and the last state. Output t is that after step
 * t, in either direction.
 *
 * @throws ShapeError where xs has no axis of steps, or `present` other axes.
 *
 * @example
 * const { outputs } = recurrent(gru(initGru(key, { inputs: 3, units: 16 })), np.zeros([100, 8, 3]));
 * outputs.shape; // [100, 8, 16]
 */
export function recurrent<State>(
  cell: RecurrentCell<State>,
  xs: Tensor,
  options: RecurrentOptions<State> = {},
): { outputs: Tensor; last: State } {
  requireKnownOptions("recurrent", options, ["start", "isReversed", "present"]);
  if (!Tensor.is(xs)) throw new OptionError("recurrent", "xs", xs, "a tensor [T, ..., inputs]");
  if (xs.ndim < 2) throw new ShapeError("recurrent", `xs must be [T, ..., inputs], got ${xs.toString()}.`);
  const { isReversed = false, present } = options;
  const lead = xs.shape.slice(1, -1);
  if (present !== undefined) requirePresent(present, xs, lead);
  const ordered = (x: Tensor): Tensor => (isReversed ? np.flip(x, 0) : x);
  const rows = { x: ordered(xs), ...(present !== undefined && { isHere: ordered(present) }) };
  const step = (state: State, row: { x: Tensor; isHere?: Tensor }): [State, Tensor] => {
    const next = cell.step(row.x, state);
    const kept = row.isHere === undefined ? next : (chosen(row.isHere, next, state) as State);
    return [kept, cell.output(kept)];
  };
  const [last, outputs] = scan(step, options.start ?? cell.start(lead), rows);
  return { outputs: ordered(outputs), last };
}

function requirePresent(present: Tensor, xs: Tensor, lead: readonly number[]): void {
  const steps = xs.shape[0]!;
  const allowed = [String([steps]), String([steps, ...lead])];
  if (Tensor.is(present) && allowed.includes(String(present.shape))) return;
  const hint = `one bool for each of its ${steps} steps`;
  throw new ShapeError(
    "recurrent",
    `present must be ${hint}, got ${String(present)} for xs ${xs.toString()}.`,
  );
}

/** Leaves of states begin with the axes of `isHere`. */
function chosen(isHere: Tensor, next: unknown, state: unknown): unknown {
  const select = (a: Tensor, b: Tensor): Tensor => {
    const open = isHere.reshape([...isHere.shape, ...a.shape.slice(isHere.ndim).map(() => 1)]);
    return np.where(open, a, b);
  };
  return tree.map((a: Tensor, b?: Tensor) => select(a, b!), next, state);
}
