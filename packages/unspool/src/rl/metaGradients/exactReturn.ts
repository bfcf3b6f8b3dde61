/**
 * Return, gradient and Hessian of a softmax policy in a finite MDP, exactly, by dynamic programming: with
 * Q = r + g sum P V' per action, and everything a function of the logits,
 *
 *     V = sum_a p_a Q_a,   V' = sum_a (p_a' Q_a + p_a Q_a'),   V'' = sum_a (p_a'' Q_a + p_a' Q_a'^T + Q_a' p_a'^T + p_a Q_a'')
 */
import { type PolicyTable, type TabularMdp, policyOf } from "../environments/tabularMdp.ts";

/** Derivatives with respect to logits flattened as state · actions + action. */
export interface ReturnDerivatives {
  value: number;
  /** [d]. */
  gradient: Float64Array;
  /** [d, d], row by row. */
  hessian: Float64Array;
}

/** Cost: horizon · states² · actions · d² operations with d = states · actions. */
export function exactReturn(mdp: TabularMdp, logits: PolicyTable): ReturnDerivatives {
  const { transitions, rewards, start, horizon, discount } = mdp;
  const [states, actions] = [rewards.length, transitions.length];
  const d = states * actions;
  const policy = policyOf(logits);
  let later = rewards.map(() => zero(d));
  for (let h = 0; h < horizon; h++) {
    later = rewards.map((row, s) => {
      const now = zero(d);
      row.forEach((reward, a) => {
        const q = zero(d);
        q.value = reward;
        transitions[a]![s]!.forEach((p, to) => addScaled(q, later[to]!, discount * p));
        addProduct(now, policy[s]!, s, a, q);
      });
      return now;
    });
  }
  const total = zero(d);
  start.forEach((p, s) => addScaled(total, later[s]!, p));
  return total;
}

function zero(d: number): ReturnDerivatives {
  return { value: 0, gradient: new Float64Array(d), hessian: new Float64Array(d * d) };
}

function addScaled(to: ReturnDerivatives, from: ReturnDerivatives, by: number): void {
  if (by === 0) return;
  to.value += by * from.value;
  from.gradient.forEach((x, i) => (to.gradient[i]! += by * x));
  from.hessian.forEach((x, i) => (to.hessian[i]! += by * x));
}

/** Adds p_a q, with the derivatives of the softmax in the block of state s. */
function addProduct(
  to: ReturnDerivatives,
  chances: readonly number[],
  s: number,
  a: number,
  q: ReturnDerivatives,
): void {
  const [d, offset, p] = [q.gradient.length, s * chances.length, chances[a]!];
  addScaled(to, q, p);
  // p_a' = p_a (e_a - p);  p_a'' = p_a ((e_a - p)(e_a - p)^T - diag p + p p^T)
  const score = chances.map((chance, b) => Number(b === a) - chance);
  score.forEach((x, b) => {
    const i = offset + b;
    to.gradient[i]! += p * x * q.value;
    for (let j = 0; j < d; j++) {
      const cross = p * x * q.gradient[j]!;
      to.hessian[i * d + j]! += cross;
      to.hessian[j * d + i]! += cross;
    }
    score.forEach((y, c) => {
      const curvature = x * y - Number(b === c) * chances[b]! + chances[b]! * chances[c]!;
      to.hessian[i * d + offset + c]! += p * curvature * q.value;
    });
  });
}
