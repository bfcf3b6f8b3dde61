/** The swimmer is Gym's, its state is plain data, and nothing else is remembered between steps. */
import { expect, test } from "vitest";
import { np, random, randomStream, unroll } from "unspool";
import { type SwimmerState, centre, loadSwimmer, swimmerProblem } from "./swimmerProblem.ts";

// prettier-ignore
const weights = Float64Array.of(
  0.3, -0.5, 0.2, 0.1, -0.2, 0.4, -0.3, 0.25,
  -0.2, 0.4, 0.6, -0.1, 0.3, 0.2, 0.5, -0.35,
);

const start = (): SwimmerState => ({
  positions: Float64Array.of(0.01, -0.02, 0.05, 0.03, -0.06),
  velocities: Float64Array.of(0.02, 0.01, -0.04, 0.05, 0.03),
});

/**
 * Return and positions after so many actions: swimmer.xml of Gym with the loop of its swimmer_v4.py, in MuJoCo 3.14.0
 * for Python (native code, float64).
 */
const native: Record<number, number[]> = {
  1: [0.02075469957774952, 0.010830195833109981, -0.020199111958284232, 0.04908643187569054, 0.031137364862895575, -0.05900229891282081], // prettier-ignore
  10: [0.27573286043156575, 0.021123900499190742, -0.0657511165425786, 0.08797105375992297, -0.03159366608597877, -0.02619883376622656], // prettier-ignore
  100: [2.1515780833820224, 0.09805502214842793, -0.26523382920605565, 0.23448795113685306, -0.3246557772556492, 0.20005935558274796], // prettier-ignore
};

test("rewards and positions are those of native MuJoCo with Gym's model", { tags: ["long"] }, async () => {
  const swimmer = await loadSwimmer();
  const state = start();
  let total = 0;
  for (let t = 1; t <= 100; t++) {
    total += swimmer.act(weights, state);
    native[t]?.forEach((wanted, i) => expect([total, ...state.positions][i]).toBeCloseTo(wanted, 11));
  }
});

test("the centre of the links is MuJoCo's centre of mass", () => {
  const positions = Float64Array.of(0.4, -0.3, 0.7, -0.5, 1.1);
  // `subtree_com` of the first body after mj_forward, in MuJoCo 3.14.0 for Python.
  const wanted = [0.3752783644982736, -0.13044923814193535];
  centre({ positions, velocities: new Float64Array(5) }).forEach((x, i) =>
    expect(x).toBeCloseTo(wanted[i]!, 12),
  );
});

test("a state goes through plain data and comes back: interleaved episodes have the bits of separate ones", async () => {
  const swimmer = await loadSwimmer();
  const copy = ({ positions, velocities }: SwimmerState): SwimmerState => ({
    positions: Float64Array.from(JSON.parse(JSON.stringify([...positions])) as number[]),
    velocities: velocities.slice(),
  });
  // Torques along the angles of the joints: they run into their limits, where the constraint solver works.
  const strong = new Float64Array(16);
  [strong[1], strong[10]] = [50, 50];
  const alone = (policy: Float64Array): SwimmerState => {
    const state = start();
    for (let t = 0; t < 60; t++) swimmer.act(policy, state);
    return state;
  };
  let [first, second] = [start(), start()];
  for (let t = 0; t < 60; t++) {
    [first, second] = [copy(first), copy(second)];
    swimmer.act(weights, first);
    swimmer.act(strong, second);
  }
  expect(Math.max(...second.positions.slice(3).map(Math.abs))).toBeGreaterThan(1.7);
  expect([first, second]).toEqual([alone(weights), alone(strong)]);
});

test("as an inner problem, from starts that depend on the key alone", async () => {
  const swimmer = await loadSwimmer();
  const problem = swimmerProblem(swimmer, 20);
  const theta = { weights: np.array(weights, { shape: [2, 8] }) };
  const { losses } = unroll(problem, theta, { key: random.key(5), particles: 2 });
  const starts = [0, 1].map((i) => {
    const key = random.foldIn(random.key(5), i);
    return swimmer.start(randomStream(random.foldIn(random.foldIn(key, 0), 0).data));
  });
  starts.forEach((state, i) => {
    for (const x of [...state.positions, ...state.velocities]) expect(Math.abs(x)).toBeLessThanOrEqual(0.1);
    for (let t = 0; t < 20; t++) expect(losses.data[2 * t + i]).toBe(-swimmer.act(weights, state));
  });
});
