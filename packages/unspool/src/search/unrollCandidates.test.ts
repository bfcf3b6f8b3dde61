/** Losses of candidates by whole trajectories are those of `unroll`, candidate by candidate. */
import { expect, test } from "vitest";
import { type Tensor, np, random } from "../array/index.ts";
import { defineProblem, defineSimulator, unroll } from "../unroll/index.ts";
import { lossOfCandidates } from "./lossOfCandidates.ts";
import { unrollCandidates } from "./unrollCandidates.ts";

type Theta = { rate: Tensor };

const problem = defineProblem({
  name: "noisy decay",
  horizon: 5,
  init: () => ({ x: np.array([1, 2], { dtype: "float64" }) }),
  step({ rate }: Theta, { x }, { key }) {
    const next = x.mul(rate).add(random.normal(key, [2], { dtype: "float64" }).mul(0.1));
    return { state: { x: next }, loss: next.mul(next).sum() };
  },
});
const rates = [0.5, -0.2, 0.9];
const candidates: Theta = { rate: np.array(rates, { dtype: "float64" }) };
const key = random.key(3);

/** Losses [steps] of one trajectory: particle 0 of `unroll` has the key that is folded with 0. */
function trajectory(rate: number): number[] {
  const theta = { rate: np.array(rate, { dtype: "float64" }) };
  return [...unroll(problem, theta, { key }).losses.data] as number[];
}

const sum = (of: number[]): number => of.reduce((all, x) => all + x, 0);

test.each([
  ["mean", (losses: number[]) => sum(losses) / 5],
  ["sum", sum],
  ["final", (losses: number[]) => losses.at(-1)!],
] as const)("the %s of a trajectory's losses; inner steps are counted", (objective, of) => {
  const { losses, innerSteps } = unrollCandidates(problem, { objective })(candidates, key);
  rates.forEach((rate, i) => expect(losses[i]).toBeCloseTo(of(trajectory(rate)), 12));
  expect(innerSteps).toBe(15);
});

test("tasks are averaged, the same for all candidates or each its own", () => {
  const same: Theta = { rate: np.array([0.5, 0.5], { dtype: "float64" }) };
  const common = unrollCandidates(problem, { tasks: 3 })(same, key);
  expect(common.losses[0]).toBe(common.losses[1]);
  expect(common.innerSteps).toBe(2 * 3 * 5);
  const { losses } = unroll(problem, { rate: np.array(0.5, { dtype: "float64" }) }, { key, particles: 3 });
  expect(common.losses[0]).toBeCloseTo(sum([...losses.data] as number[]) / 15, 12);
  const own = unrollCandidates(problem, { trajectories: "independent" })(same, key);
  expect(own.losses[0]).not.toBe(own.losses[1]);
});

test("the final loss is the problem's own where it has one", () => {
  const withFinal = defineProblem({ ...problem, finalLoss: (_theta: Theta, { x }) => x.sum() });
  const { losses } = unrollCandidates(withFinal, { objective: "final" })(candidates, key);
  const { state } = unroll(problem, { rate: np.array(rates[0]!, { dtype: "float64" }) }, { key });
  expect(losses[0]).toBeCloseTo((state as { x: Tensor }).x.sum().item(), 12);
});

test("a simulator is stepped by plain code", () => {
  const simulator = defineSimulator({
    name: "plain decay",
    horizon: 5,
    init: () => ({ x: 1 }),
    step: ({ rate }: { rate: number }, { x }) => ({ state: { x: x * rate }, loss: x * rate }),
  });
  const { losses } = unrollCandidates(simulator, { objective: "final" })(candidates, key);
  rates.forEach((rate, i) => expect(losses[i]).toBeCloseTo(rate ** 5, 12));
});

test("a loop without an end has no whole trajectory", () => {
  const endless = defineProblem({ ...problem, horizon: Infinity });
  expect(() => unrollCandidates(endless)).toThrow(/problem.horizon must be finite, got Infinity/);
});

test("a function of theta is evaluated for all candidates together", () => {
  const evaluate = lossOfCandidates(({ rate }: Theta) => rate.mul(rate));
  const { losses, innerSteps } = evaluate(candidates, key);
  expect([...Array.from(losses)]).toEqual(rates.map((rate) => rate * rate));
  expect(innerSteps).toBe(3);
  expect(() => lossOfCandidates(() => np.ones([2]))(candidates, key)).toThrow(/a scalar tensor/);
});
