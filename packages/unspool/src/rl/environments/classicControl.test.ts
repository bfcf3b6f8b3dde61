/**
 * CartPole-v1, Pendulum-v1, MountainCarContinuous-v0 and Acrobot-v1 as Gymnasium 1.3.0 steps them: states, rewards and
 * returns recorded there, from the same starts with the same actions.
 */
import { expect, test } from "vitest";
import { type Tensor, np, random, tree } from "../../array/index.ts";
import { compiled } from "../../unroll/index.ts";
import { acrobot } from "./acrobot.ts";
import { cartPole } from "./cartPole.ts";
import type { Environment } from "./environment.ts";
import { mountainCarContinuous } from "./mountainCarContinuous.ts";
import { pendulum } from "./pendulum.ts";

const f64 = (values: readonly number[]): Tensor => np.array([...values], { dtype: "float64" });
const whole = (action: number): Tensor => tree.scalar(action, "int32");
const key = random.key(0);

/** Steps up to `steps`, and gives the state's numbers, the last reward and the return. */
function play<State>(
  environment: Environment<State>,
  state: State,
  actions: (t: number) => Tensor,
  steps: number,
): { numbers: number[]; reward: number; total: number; terminated: boolean; taken: number } {
  const take = compiled(environment.name, (at: State, action: Tensor) => environment.step(at, action, key));
  let [reward, total, terminated, taken] = [0, 0, false, 0];
  for (; taken < steps && !terminated; taken++) {
    const next = take(state, actions(taken));
    state = next.state;
    reward = next.reward.item();
    total += reward;
    terminated = next.terminated.item() === 1;
  }
  return { numbers: tree.leaves(state).flatMap(({ data }) => [...data]), reward, total, terminated, taken };
}

const close = (given: readonly number[], wanted: readonly number[], digits: number) =>
  wanted.forEach((x, i) => expect(given[i]).toBeCloseTo(x, digits));

// prettier-ignore
test("cart and pole", () => {
  const environment = cartPole({ dtype: "float64" });
  const start = { pole: f64([0.01, -0.02, 0.03, 0.04]) };
  const mixed = (t: number) => whole(Math.floor((t * 7) / 3) % 2);
  close(play(environment, start, mixed, 1).numbers, [0.009600000000000001, -0.21553901710278936, 0.030799999999999998, 0.34199522377603914], 14);
  const eighth = play(environment, start, mixed, 8);
  close(eighth.numbers, [-0.032577464907504156, -0.41697273270679514, 0.10284640866093087, 0.7773220412557298], 13);
  const mixedEnd = play(environment, start, mixed, 60);
  expect(mixedEnd).toMatchObject({ terminated: true, taken: 15, total: 15 });
  close(mixedEnd.numbers, [-0.0800115914559298, -0.6256142298833784, 0.21162136376233645, 1.3920563845456304], 13);
  const pushed = play(environment, start, () => whole(1), 60);
  expect(pushed).toMatchObject({ terminated: true, taken: 10, total: 10 });
  close(pushed.numbers, [0.18148412486073115, 1.9330643896994748, -0.2235691808247548, -2.984082745435586], 13);
});

// prettier-ignore
test("pendulum", () => {
  const environment = pendulum({ dtype: "float64" });
  const start = { angle: tree.scalar(2.5, "float64"), velocity: tree.scalar(-0.4, "float64") };
  const actions = (t: number) => f64([3 * Math.sin(0.3 * t)]);
  const second = play(environment, start, actions, 2);
  close(second.numbers, [2.53390386805995, 0.6292232531210353], 13);
  close([second.reward, second.total], [-6.263244155949697, -12.529244155949698], 12);
  const end = play(environment, start, actions, 200);
  close(end.numbers, [2.50329926782528, 0.5434407452115282], 10);
  close([end.reward, end.total], [-6.131925248203262, -1495.1600449296561], 9);
});

// Gymnasium keeps this state in float32, so digits are those of its rounding.
// prettier-ignore
test("mountain car", () => {
  const environment = mountainCarContinuous({ dtype: "float64" });
  const start = { car: f64([-0.5, 0]) };
  const actions = (t: number) => f64([Math.floor(t / 50) % 2 === 0 ? 1.5 : -1.2]);
  close(play(environment, start, actions, 2).numbers, [-0.4960404336452484, 0.0026364168152213097], 7);
  close(play(environment, start, actions, 65).numbers, [-0.6190704107284546, -0.05104658380150795], 5);
  const end = play(environment, start, actions, 300);
  expect(end).toMatchObject({ terminated: true, taken: 129 });
  close(end.numbers, [0.47251078486442566, 0.052401553839445114], 5);
  close([end.reward, end.total], [99.775, 75.025], 9);
});

// prettier-ignore
test("acrobot", () => {
  const environment = acrobot({ dtype: "float64" });
  const start = { rods: f64([0.05, -0.03, 0.02, 0.08]) };
  const slow = (t: number) => whole(Math.floor(t / 7) % 3);
  close(play(environment, start, slow, 1).numbers, [0.060577927287745956, -0.041032513407943796, 0.08316829633286199, -0.18652663183903168], 14);
  close(play(environment, start, slow, 60).numbers, [0.2978716602029998, 0.09037782266095817, 0.703463108703734, -2.1615157277444768], 11);
  const swung = (t: number) => whole(Math.floor(t / 9) % 2 === 0 ? 2 : 0);
  const far = play(environment, start, swung, 151);
  close(far.numbers, [-0.5014236715413988, 0.9068725483227676, 2.170823097320539, -3.020371314283751], 9);
  expect(far).toMatchObject({ total: -151, terminated: false });
});

test("acrobot ends where its tip is high enough", () => {
  const environment = acrobot({ dtype: "float64" });
  // Both rods up and at rest: the tip is at 2 in the next step too.
  const end = play(environment, { rods: f64([3.1, 0.02, 0, 0]) }, () => whole(1), 1);
  expect(end).toMatchObject({ terminated: true, reward: 0 });
});
