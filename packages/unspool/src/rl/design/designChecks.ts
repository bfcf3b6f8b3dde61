/** What is wrong with a task, a policy or a first design, said before the first step or after the one where it showed. */
import { type Key, type Tensor, makeJaxpr, random, tree } from "../../array/index.ts";
import { NonFiniteError, OptionError, ShapeError, show } from "../../errors.ts";
import type { DesignTask } from "./designTask.ts";
import type { DesignPolicy } from "./policies/policy.ts";
import type { DesignTheta, StepTerms, TermsRule } from "./trajectories.ts";

/** Throws `OptionError` for what is no task. */
export function requireTask(where: string, task: unknown): void {
  const { dynamics, disturbance } = (task ?? {}) as { dynamics?: unknown; disturbance?: unknown };
  if (typeof dynamics === "function" && disturbance !== undefined) return;
  throw new OptionError(where, "task", task, "a design task", "Make one with designTask.");
}

/** Throws `OptionError` for what is no task or no policy. */
export function requireTaskAndPolicy(where: string, task: unknown, policy: unknown): void {
  requireTask(where, task);
  const { init, sample, logProb } = (policy ?? {}) as Partial<DesignPolicy>;
  if (typeof init !== "function" || typeof sample !== "function" || typeof logProb !== "function") {
    const allowed = "a policy with init, sample and logProb";
    throw new OptionError(
      where,
      "policy",
      policy,
      allowed,
      "Make one with categoricalPolicy or gaussianPolicy.",
    );
  }
  requireNumbered(where, task as DesignTask, policy as DesignPolicy);
}

/** Throws `OptionError` for a policy of other actions than a task whose actions are numbered has. */
function requireNumbered(where: string, { name, actions }: DesignTask, policy: DesignPolicy): void {
  if (actions === undefined || (policy.isDiscrete && (policy.actions ?? actions) === actions)) return;
  const given = policy.isDiscrete ? `${policy.name} with ${policy.actions}` : policy.name;
  const allowed = `one of the ${actions} numbered actions of "${name}"`;
  throw new OptionError(
    where,
    "policy",
    given,
    allowed,
    `Make one with categoricalPolicy({ actions: ${actions}, … }).`,
  );
}

/** Throws `ShapeError` for a design that is no vector of floats of the task's length. */
export function requireDesign(
  where: string,
  { low }: Pick<DesignTask, "low">,
  design: Tensor,
  name = "theta.design",
): void {
  const isFloat = design?.dtype === "float32" || design?.dtype === "float64";
  if (isFloat && design.ndim === 1 && design.shape[0] === low.length) return;
  throw new ShapeError(where, `${name} must be float [${low.length}], got ${show(design)}.`, {
    path: "design",
  });
}

/** What to say of a design outside of its box; undefined inside. */
export function outsideBox(
  where: string,
  { low, high, designNames }: Pick<DesignTask, "low" | "high" | "designNames">,
  design: Tensor,
): string | undefined {
  const place = low.findIndex((least, i) => !(design.data[i]! >= least && design.data[i]! <= high[i]!));
  if (place < 0) return undefined;
  return (
    `${where}: the first ${designNames[place]} must be from ${low[place]} to ${high[place]}, got ` +
    `${Number(design.data[place])}. It is projected onto the box.`
  );
}

/**
 * Throws `ShapeError` unless a function gave one number for one trajectory: what is longer would be broadcast against the
 * steps and trajectories of a batch, and be summed to another gradient.
 */
export function requireScalar(where: string, name: string, given: Tensor): void {
  if (given?.ndim === 0) return;
  throw new ShapeError(where, `${name} must give a scalar, got ${String(given)}. Sum it.`, { name, given });
}

/**
 * Throws `OptionError` where a function of the task or of the policy cannot be traced, with what it threw, and `ShapeError`
 * where it gives what does not fit.
 */
export function requireTraceable<State, Theta>(
  where: string,
  task: DesignTask<State>,
  policy: DesignPolicy<Theta>,
  theta: DesignTheta<Theta>,
  rule: TermsRule,
): void {
  const key = random.key(0);
  const t = tree.scalar(0, "int32");
  const { disturbance } = task;
  const attempt = <Args extends unknown[], Out>(
    name: string,
    fn: (...args: Args) => Out,
    ...args: Args
  ): void => {
    try {
      makeJaxpr(fn as (...args: unknown[]) => unknown, args);
    } catch (cause) {
      const said = cause instanceof Error ? cause.message : String(cause);
      if (cause instanceof ShapeError && !isOfTracing(said))
        throw Object.assign(new ShapeError(where, `${name}: ${said}`, { name }), { cause });
      const why = "It is compiled and differentiated, so it may use np, random and tensors only";
      const error = new OptionError(where, name, undefined, "traceable", `${why}: ${said}`);
      throw Object.assign(error, { cause });
    }
  };
  const { design } = theta;
  attempt("task.initialState", (at: Tensor, own: Key) => task.initialState(at, own), design, key);
  const state = tree.tensors(task.initialState(design, key), tree.floatType(design)) as State;
  attempt("task.observe", (at: State, k: Tensor) => task.observe(at, k), state, t);
  const seen = task.observe(state, t);
  attempt(
    "policy.sample",
    (at: Theta, o: Tensor, own: Key) => policy.sample(at, o, own),
    theta.policy,
    seen,
    key,
  );
  const action = policy.sample(theta.policy, seen, key);
  if (rule.actions === "score") {
    attempt(
      "policy.logProb",
      (at: Theta, o: Tensor, a: Tensor) => policy.logProb(at, o, a),
      theta.policy,
      seen,
      action,
    );
    requireScalar(where, "policy.logProb", policy.logProb(theta.policy, seen, action));
  }
  if (rule.hasEntropy) requireScalar(where, "policy.entropy", policy.entropy!(theta.policy, seen));
  type Acted = [design: Tensor, state: State, action: Tensor, own: Key];
  const acted: Acted = [design, state, action, key];
  attempt("task.disturbance.sample", (...args: Acted) => disturbance.sample(...args), ...acted);
  const xi = disturbance.sample(...acted);
  type Disturbed = [design: Tensor, state: State, action: Tensor, xi: Tensor];
  const disturbed: Disturbed = [design, state, action, xi];
  if (rule.disturbance === "score") {
    attempt("task.disturbance.logProb", (...args: Disturbed) => disturbance.logProb(...args), ...disturbed);
    requireScalar(where, "task.disturbance.logProb", disturbance.logProb(...disturbed));
  }
  attempt("task.reward", (...args: Disturbed) => task.reward(...args), ...disturbed);
  attempt("task.dynamics", (...args: Disturbed) => task.dynamics(...args), ...disturbed);
  tree.requireSame(where, "the state that task.dynamics returned", state, task.dynamics(...disturbed));
  requireScalar(where, "task.reward", task.reward(...disturbed));
}

/** Elements of a tensor that were asked for while it is traced, or JavaScript's operators on one. */
const isOfTracing = (said: string): boolean => /not known inside|JavaScript operators/.test(said);

const quantities: readonly (readonly [keyof StepTerms, string])[] = [
  ["state", "the state"],
  ["action", "the action"],
  ["disturbance", "the disturbance"],
  ["logPolicy", "policy.logProb"],
  ["logDisturbance", "task.disturbance.logProb"],
  ["reward", "the reward"],
];

/** Throws `NonFiniteError` for the first number of the terms that is not finite, by step and trajectory. */
export function throwFirstNonFinite(where: string, terms: StepTerms): void {
  const steps = terms.reward.shape[0]!;
  const batch = terms.reward.shape[1]!;
  for (let t = 0; t < steps; t++) {
    for (const [name, what] of quantities) {
      for (const leaf of tree.leaves(terms[name] ?? [])) {
        const width = leaf.size / (steps * batch);
        const row = Array.from(leaf.data.slice(t * batch * width, (t + 1) * batch * width), Number);
        const place = row.findIndex((x) => !Number.isFinite(x));
        if (place < 0) continue;
        const trajectory = Math.floor(place / width);
        throw new NonFiniteError(
          where,
          `${what} is ${row[place]} at step ${t} of trajectory ${trajectory}. Keep densities away from deviations of 0, ` +
            "lower the learning rates, or narrow the box.",
          { step: t, particle: trajectory, quantity: name },
        );
      }
    }
  }
}
