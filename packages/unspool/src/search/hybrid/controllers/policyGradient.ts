/**
 * REINFORCE (Williams 1992) on a distribution of choices: every decision is a categorical of its own with logits l,
 *
 *     ∇ E[L] ≈ 1/n Σ (L_i - mean) / std · ∇ log p(m_i),     ∇ log p(k) = onehot(k) - softmax(l)
 *
 * and logits follow by Adam. `choose` draws without replacement, one after the other from what is left (Plackett and
 * Luce), so the order of a set's elements counts.
 */
import { type RandomStream, type Tensor, np } from "../../../array/index.ts";
import { requireKnownOptions, requirePositive } from "../../../errors.ts";
import { type ChoiceSpace, inOrder } from "../choiceSpace.ts";
import { floats, floatsOf } from "../hostTensors.ts";
import { type Controller, stacked } from "./controller.ts";

export interface PolicyGradientOptions {
  /** Of Adam (0.9, 0.999, 1e-8), on the logits. Default 0.1. */
  learningRate?: number;
}

/** Of all logits, one decision after the other; [Σ values]. */
export interface PolicyGradientState extends Record<string, Tensor> {
  logits: Tensor;
  first: Tensor;
  second: Tensor;
  step: Tensor;
}

/** Recommends the most probable answer of each decision. */
export function policyGradient(options: PolicyGradientOptions = {}): Controller<PolicyGradientState> {
  requireKnownOptions("policyGradient", options, ["learningRate"]);
  const { learningRate = 0.1 } = options;
  requirePositive("policyGradient", "learningRate", learningRate);
  return {
    name: "policyGradient",
    recipe: { learningRate },
    init(space) {
      const zeros = (): Tensor => floats(new Float64Array(logitsOf(space)));
      return { logits: zeros(), first: zeros(), second: zeros(), step: np.array(0, { dtype: "int32" }) };
    },
    propose(space, state, random, count) {
      const logits = floatsOf(state.logits);
      return { choices: stacked(space.size, count, () => drawn(space, logits, random)), state };
    },
    feedback(space, state, choices, losses) {
      const n = losses.length;
      const mean = losses.reduce((sum, x) => sum + x / n, 0);
      const std = Math.sqrt(losses.reduce((sum, x) => sum + (x - mean) ** 2 / n, 0));
      if (n === 0 || !(std > 1e-300)) return state;
      const logits = floatsOf(state.logits);
      const gradient = new Float64Array(logits.length);
      for (let i = 0; i < n; i++) {
        const choice = choices.subarray(i * space.size, (i + 1) * space.size);
        addScore(space, logits, choice, (losses[i]! - mean) / (std * n), gradient);
      }
      return adamStep(state, gradient, learningRate);
    },
    best(space, { logits }) {
      const all = floatsOf(logits);
      return inOrder(space, top(space, all));
    },
    stats: (space, { logits }) => ({ entropy: entropyOf(space, floatsOf(logits)) }),
  };
}

const logitsOf = ({ decisions }: ChoiceSpace): number =>
  decisions.reduce((sum, { values }) => sum + values, 0);

function drawn({ decisions, size }: ChoiceSpace, logits: Float64Array, random: RandomStream): Int32Array {
  // The order of logits with Gumbel noise is that of draws without replacement.
  const noisy = logits.map((l) => l - Math.log(-Math.log(1 - random.uniform())));
  return top({ decisions, size }, noisy);
}

/** The answers with the largest scores, the largest first. */
function top({ decisions, size }: ChoiceSpace, scores: Float64Array): Int32Array {
  const choice = new Int32Array(size);
  let from = 0;
  for (const { values, count, at } of decisions) {
    const own = scores.subarray(from, from + values);
    const order = Array.from({ length: values }, (_, i) => i).sort((a, b) => own[b]! - own[a]!);
    choice.set(order.slice(0, count), at);
    from += values;
  }
  return choice;
}

/** Adds weight · ∇ log p(choice) by the logits. */
export function addScore(
  { decisions }: ChoiceSpace,
  logits: Float64Array,
  choice: Int32Array,
  weight: number,
  into: Float64Array,
): void {
  let from = 0;
  for (const { values, count, at } of decisions) {
    const taken = new Set<number>();
    for (let i = at; i < at + count; i++) {
      const p = softmax(logits.subarray(from, from + values), taken);
      for (let k = 0; k < values; k++) into[from + k]! -= weight * p[k]!;
      into[from + choice[i]!]! += weight;
      taken.add(choice[i]!);
    }
    from += values;
  }
}

/** Probabilities of what is not taken yet. */
function softmax(logits: Float64Array, taken: ReadonlySet<number>): Float64Array {
  let most = -Infinity;
  logits.forEach((l, k) => (most = taken.has(k) ? most : Math.max(most, l)));
  const p = logits.map((l, k) => (taken.has(k) ? 0 : Math.exp(l - most)));
  const total = p.reduce((sum, x) => sum + x, 0);
  return p.map((x) => x / total);
}

/** Entropy in nats of the first draw of each decision, summed. */
function entropyOf({ decisions }: ChoiceSpace, logits: Float64Array): number {
  let [from, entropy] = [0, 0];
  for (const { values } of decisions) {
    for (const p of softmax(logits.subarray(from, from + values), new Set()))
      if (p > 0) entropy -= p * Math.log(p);
    from += values;
  }
  return entropy;
}

function adamStep(
  { logits, first, second, step }: PolicyGradientState,
  gradient: Float64Array,
  learningRate: number,
): PolicyGradientState {
  const t = step.item() + 1;
  const m = floatsOf(first).map((x, i) => 0.9 * x + 0.1 * gradient[i]!);
  const v = floatsOf(second).map((x, i) => 0.999 * x + 0.001 * gradient[i]! ** 2);
  const [c1, c2] = [1 - 0.9 ** t, 1 - 0.999 ** t];
  const next = floatsOf(logits).map(
    (l, i) => l - (learningRate * (m[i]! / c1)) / (Math.sqrt(v[i]! / c2) + 1e-8),
  );
  return { logits: floats(next), first: floats(m), second: floats(v), step: np.array(t, { dtype: "int32" }) };
}
