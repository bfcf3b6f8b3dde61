/** LQR, adaptive cruise control and path tracking against closed forms and the codes that they come from. */
import { expect, test } from "vitest";
import { type Tensor, np, random, tree } from "../../array/index.ts";
import { type AdaptiveCruiseOptions, adaptiveCruise, cruisePid } from "./adaptiveCruise.ts";
import type { Environment, Policy } from "./environment.ts";
import { type EpisodePlayerOptions, episodePlayer } from "./episodePlayer.ts";
import { lqr } from "./lqr.ts";
import { pathTracking, steeringLaw } from "./pathTracking.ts";

const f64 = (values: readonly number[]): Tensor => np.array([...values], { dtype: "float64" });

/** u = K x. */
const linear: Policy<{ gain: Tensor }> = {
  name: "linear",
  init: () => ({ gain: np.zeros([1, 2], { dtype: "float64" }) }),
  act: ({ gain }, observation) => np.matmul(gain, observation) as Tensor,
};

test("the expected return of the regulator", () => {
  // Closed form: S' = (A + BK) S (A + BK)ᵀ + W; J = -sum 0.98^t tr((Q + Kᵀ R K) S). With W = 0: -12.235277533164467.
  const closed = (noise: readonly [number, number]) => {
    const m = [[1, 0.1], [-0.1, 0.9]] as const; // prettier-ignore
    const c = [[1.01, 0.01], [0.01, 0.11]] as const; // prettier-ignore
    let s = [[1, 0], [0, 0.5]]; // prettier-ignore
    let total = 0;
    const times = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]) =>
      a.map((row) => [0, 1].map((j) => row[0]! * b[0]![j]! + row[1]! * b[1]![j]!));
    for (let t = 0; t < 50; t++) {
      const cost = times(c, s);
      total -= 0.98 ** t * (cost[0]![0]! + cost[1]![1]!);
      s = times(times(m, s), [[1, -0.1], [0.1, 0.9]]); // prettier-ignore
      s[0]![0]! += noise[0];
      s[1]![1]! += noise[1];
    }
    return total;
  };
  expect(closed([0, 0])).toBeCloseTo(-12.235277533164467, 11);
  const measured = (noise: readonly [number, number]) => {
    const noiseCovariance = [[noise[0], 0], [0, noise[1]]]; // prettier-ignore
    const player = episodePlayer(lqr({ dtype: "float64", noiseCovariance }), linear, { discount: 0.98 });
    const { returns } = player.play({ gain: f64([-1, -1]).reshape([1, 2]) }, random.key(11), {
      episodes: 4000,
    });
    const mean = Array.from(returns.data).reduce((sum, x) => sum + x, 0) / 4000;
    const variance = Array.from(returns.data).reduce((sum, x) => sum + (x - mean) ** 2, 0) / 3999;
    return { mean, error: Math.sqrt(variance / 4000) };
  };
  for (const noise of [
    [0, 0],
    [1e-3, 4e-3],
  ] as const) {
    // prettier-ignore
    const { mean, error } = measured(noise);
    expect(error).toBeLessThan(0.4);
    expect(Math.abs(mean - closed(noise))).toBeLessThan(4 * error);
  }
});

/** Everything of one episode. */
function only<Theta, State>(
  environment: Environment<State>,
  policy: Policy<Theta>,
  theta: Theta,
  options: EpisodePlayerOptions = {},
) {
  return episodePlayer(environment, policy, { isRecorded: true, ...options }).play(theta, random.key(0));
}

/** The leading car's acceleration of the oracle: 0.05 sin(0.02 t), t = 1 … 300. */
const sine: AdaptiveCruiseOptions = {
  dtype: "float64",
  lead: (t) => (np.sin(t.astype("float64").mul(0.02)) as Tensor).mul(0.05),
};

test.each([
  [[1, 2, 0.05, 7], 0.5734314628862, [0.080652813851, -0.076962479275]],
  [[0.1, 4, 0, 7], 2.596915577532, undefined],
] as const)("cost of the cruise with PID gains %j", (gains, cost, final) => {
  const policy = cruisePid({ isUnitBox: false, dtype: "float64" });
  const { returns, finalObservations } = only(
    adaptiveCruise(sine),
    policy,
    { gains: f64(gains) },
    { steps: 300 },
  );
  expect(returns.data[0]).toBeCloseTo(-cost, 9);
  final?.forEach((x, i) => expect(finalObservations.data[i]).toBeCloseTo(x, 9));
});

test("gains that make the controller jump between its bounds", () => {
  // The whole cost, 241.38 in 300 steps, is a number of the rounding: a start 1e-16 away gives 242.26, 1e-13 away 234.16
  // (NumPy, float64). The first 20 steps are not: 9.2550437049.
  const policy = cruisePid({ isUnitBox: false, dtype: "float64" });
  const theta = { gains: f64([5, 5, 5, 5]) };
  const cost = (steps: number) => -only(adaptiveCruise(sine), policy, theta, { steps }).returns.data[0]!;
  expect(cost(20)).toBeCloseTo(9.255043704862267, 9);
  expect(Math.abs(cost(300) - 241.38)).toBeLessThan(12);
});

test("gains trained in the unit box are those between 0 and 10", () => {
  const inBox = cruisePid({ dtype: "float64" });
  const plain = cruisePid({ isUnitBox: false, dtype: "float64" });
  const observation = f64([0.3, -0.2, 0.1, 0.25, -0.1, 0, 0.2, 0.1, 0, 0.05]);
  const key = random.key(0);
  // -0.8 → 1, -0.6 → 2, -0.99 → 0.05; 1.5 is beyond the box: 10.
  const acted = inBox.act({ gains: f64([-0.8, -0.6, -0.99, 1.5]) }, observation, key);
  const wanted = plain.act({ gains: f64([1, 2, 0.05, 10]) }, observation, key);
  expect(acted.data[0]).toBeCloseTo(wanted.data[0]!, 12);
});

test("the leading car changes every 30 steps, or follows the profile of the figures", () => {
  const idle = { gains: f64([0, 0, 0, 0]) };
  const policy = cruisePid({ isUnitBox: false, dtype: "float64" });
  const lead = (options: AdaptiveCruiseOptions, steps: number) => {
    const { trajectories } = only(adaptiveCruise({ dtype: "float64", ...options }), policy, idle, { steps });
    return [...trajectories!.states.lead.data];
  };
  const drawn = lead({}, 62);
  // States before steps 1 … 62: the 30th step draws, and the 60th.
  expect(new Set(drawn).size).toBe(3);
  expect(drawn.indexOf(drawn[30]!)).toBe(30);
  expect(drawn.indexOf(drawn[60]!)).toBe(60);
  const own = { lead: "profile" } as const;
  expect(adaptiveCruise(own).step(
    { cars: np.zeros([10]), t: tree.scalar(99, "int32"), lead: np.zeros([]) },
    np.zeros([1]),
    random.key(0),
  ).state.lead.item()).toBeCloseTo(0.15, 6); // prettier-ignore
});

test("an error beyond its bound ends the cruise and costs 1000", () => {
  const state = {
    cars: f64([4.99, 0.9, -0.5, 0, 0, 0, 0, 0, 0, 0]),
    t: tree.scalar(3, "int32"),
    lead: f64([0]).slice(0),
  };
  const { reward, terminated } = adaptiveCruise({ dtype: "float64" }).step(state, f64([0]), random.key(0));
  expect(terminated.item()).toBe(1);
  expect(reward.item()).toBeLessThan(-1000);
});

test("path tracking by the steering law, from the start of the code's figures", () => {
  // The step of the code of arXiv 2209.04854 with this law, in NumPy (float64): start at x 8, dy 0.25, dφ 0.04.
  const road = (x: number) =>
    7.5 * Math.sin((2 * Math.PI * x) / 200) + 2.5 * Math.sin((2 * Math.PI * x) / 300) - 5 * Math.sin((2 * Math.PI * x) / 400); // prettier-ignore
  const slope = (road(8 + 1e-6) - road(8 - 1e-6)) / 2e-6;
  const environment = pathTracking({ dtype: "float64" });
  const start = f64([8, 17.6, 17.6 * Math.tan(0.03), 0.05, road(8) + 0.25, Math.atan(slope) + 0.04]);
  const from: typeof environment = { ...environment, reset: () => ({ car: start }) };
  const law = steeringLaw({ dtype: "float64" });
  const { trajectories, returns, isTerminated } = only(from, law, law.init(random.key(0)));
  const at = (t: number) => [...trajectories!.states.car.slice(t, 0).data];
  const after1 = [9.697354918116186, 17.64, 0.05485385251068201, -0.0914291976785794, 2.3738055518017926, 0.24424406265601986]; // prettier-ignore
  const after10 = [25.379835034298075, 17.860528623959997, 0.027481031172554793, -0.10507407827510458, 5.385855134039651, 0.12338580376075256]; // prettier-ignore
  after1.forEach((x, i) => expect(at(1)[i]).toBeCloseTo(x, 8));
  after10.forEach((x, i) => expect(at(10)[i]).toBeCloseTo(x, 8));
  expect(returns.data[0]).toBeCloseTo(-345.01638995656214, 6);
  expect(isTerminated.data[0]).toBe(0);
});

test("a car that does not steer loses the road", () => {
  const law = steeringLaw();
  const player = episodePlayer(pathTracking(), law);
  const { isTerminated, returns } = player.play({ gains: np.zeros([4]) }, random.key(0), { episodes: 8 });
  expect(Math.min(...isTerminated.data)).toBe(1);
  expect(Math.max(...returns.data)).toBeLessThan(-1000);
});
