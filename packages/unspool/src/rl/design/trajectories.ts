/**
 * Trajectories of a design task under a policy, as derivatives need them: states are functions of the design, of actions and
 * of disturbances, which are drawn here or were recorded.
 *
 *     s_{t+1}(psi) = f_psi(s_t(psi), a_t, xi_t)   with a_t and xi_t held fixed
 *
 * so that rewards, log pi(a_t | s_t(psi)) and log P_psi(xi_t | s_t(psi), a_t) have their total derivatives by psi.
 */
import { type Key, type Tensor, lax, np, random, scan, tree, vmap } from "../../array/index.ts";
import { cotangentClip } from "./cotangentClip.ts";
import type { DesignTask } from "./designTask.ts";
import type { DesignPolicy } from "./policies/policy.ts";

/** Design and controller. */
export interface DesignTheta<Theta = unknown> {
  /** psi, in the units of the task, [n]. */
  design: Tensor;
  policy: Theta;
}

/** What of a trajectory has which derivative. */
export interface TermsRule {
  /** Actions are held fixed and have a score, or move with theta and the state at a fixed key. */
  actions: "score" | "reparam";
  /** The same of disturbances; "none" holds them fixed and leaves their score out. */
  disturbance: "score" | "reparam" | "none";
  /** Whether states in log pi and log P move with the design. */
  hasStateScores: boolean;
  /** Bound of `cotangentClip`. */
  stateCotangentClip: number | null;
  /** Whether s_0 moves with the design. */
  initialStateGradient: boolean;
  hasEntropy: boolean;
}

/** Trajectories without derivatives: for evaluations. */
export const plainTerms: TermsRule = {
  actions: "reparam",
  disturbance: "none",
  hasStateScores: true,
  stateCotangentClip: null,
  initialStateGradient: false,
  hasEntropy: false,
};

export interface DesignParts<State, Theta> {
  task: DesignTask<State>;
  policy: DesignPolicy<Theta>;
  rule: TermsRule;
}

/** Of one step; leaves are [T, B, …] where it is of all. What the rule does not ask for is absent. */
export interface StepTerms<State = unknown> {
  reward: Tensor;
  logPolicy?: Tensor;
  logDisturbance?: Tensor;
  entropy?: Tensor;
  /** What happened, as constants. */
  observation: Tensor;
  action: Tensor;
  disturbance: Tensor;
  /** Before the step. */
  state: State;
}

/** What was drawn: s_0 [B, …], actions and disturbances [T, B, …]. */
export interface RecordedDraws<State = unknown> {
  start: State;
  actions: Tensor;
  disturbances: Tensor;
}

const isFloat = (x: Tensor): boolean => x.dtype === "float32" || x.dtype === "float64";

/** As a constant. */
export function stopped<T>(value: T): T {
  return tree.map((leaf) => (isFloat(leaf) ? (lax.stopGradient(leaf) as Tensor) : leaf), value);
}

/** Draws of one step, from a key or from a record. */
type Source = { key: Key } | { action: Tensor; disturbance: Tensor };

function stepTerms<State, Theta>(
  { task, policy, rule }: DesignParts<State, Theta>,
  { design, policy: theta }: DesignTheta<Theta>,
  given: State,
  t: Tensor,
  source: Source,
): { next: State; terms: StepTerms<State> } {
  const state = rule.stateCotangentClip === null ? given : cotangentClip(given, rule.stateCotangentClip);
  const seen = rule.hasStateScores ? state : stopped(state);
  const observation = task.observe(seen, t);
  const drawAction = (key: Key): Tensor => {
    const own = random.foldIn(key, "action");
    if (rule.actions === "score") return stopped(policy.sample(theta, observation, own));
    return policy.sample(theta, task.observe(state, t), own);
  };
  const action = "key" in source ? drawAction(source.key) : source.action;
  const drawDisturbance = (key: Key): Tensor => {
    const xi = task.disturbance.sample(design, state, action, random.foldIn(key, "disturbance"));
    return rule.disturbance === "reparam" ? xi : stopped(xi);
  };
  const disturbance = "key" in source ? drawDisturbance(source.key) : source.disturbance;
  return {
    next: task.dynamics(design, state, action, disturbance),
    terms: {
      reward: task.reward(design, state, action, disturbance),
      ...(rule.actions === "score" && { logPolicy: policy.logProb(theta, observation, action) }),
      ...(rule.disturbance === "score" && {
        logDisturbance: task.disturbance.logProb(design, seen, action, disturbance),
      }),
      ...(rule.hasEntropy && { entropy: policy.entropy!(theta, observation) }),
      ...stopped({ observation, action, disturbance, state }),
    },
  };
}

/** Draws `batch` trajectories with the key of the b-th `foldIn(key, b)`; designs may be one, [n], or one each, [B, n]. */
export function sampledTerms<State, Theta>(
  parts: DesignParts<State, Theta>,
  theta: DesignTheta<Theta>,
  key: Key,
  batch: number,
): StepTerms<State> {
  const { task, rule } = parts;
  const keys = vmap((b: Tensor) => random.foldIn(key, b))(np.arange(batch, { dtype: "int32" }));
  const hasOwn = theta.design.ndim === 2;
  // Each with its own design, or all with the one that is closed over: its derivative is summed once, at the end.
  const forEach = <X, Y>(fn: (design: Tensor, own: Key, x: X) => Y, xs: X): Y =>
    hasOwn
      ? vmap((design: Tensor, own: Key, x: X) => fn(design, own, x))(theta.design, keys, xs)
      : vmap((own: Key, x: X) => fn(theta.design, own, x))(keys, xs);
  const begin = (design: Tensor, own: Key): State => task.initialState(design, random.foldIn(own, "start"));
  const first = forEach(
    (design, own) => tree.tensors(begin(design, own), tree.floatType(design)) as State,
    keys as unknown,
  );
  const start = rule.initialStateGradient ? first : stopped(first);
  const step = (states: State, _: unknown, t: Tensor): [State, StepTerms<State>] => {
    const { next, terms } = forEach((design, own, state: State) => {
      const source = { key: random.foldIn(random.foldIn(own, "step"), t) };
      return stepTerms(parts, { design, policy: theta.policy }, state, t, source);
    }, states);
    return [next, terms];
  };
  return scan(step, start, null, { length: task.horizon })[1];
}

/** The terms of trajectories that were recorded, at another theta perhaps; their number of steps is that of the record. */
export function recordedTerms<State, Theta>(
  parts: DesignParts<State, Theta>,
  theta: DesignTheta<Theta>,
  { start, actions, disturbances }: RecordedDraws<State>,
): StepTerms<State> {
  type Row = { action: Tensor; disturbance: Tensor };
  const step = (states: State, row: Row, t: Tensor): [State, StepTerms<State>] => {
    const { next, terms } = vmap((state: State, source: Row) => stepTerms(parts, theta, state, t, source))(
      states,
      row,
    );
    return [next, terms];
  };
  return scan(step, start, { action: actions, disturbance: disturbances })[1];
}
