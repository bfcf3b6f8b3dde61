/**
 * The models are Gymnasium's: rewards and positions after ten steps from MuJoCo's own start without noise, with controls
 * 0.5 sin(0.1 t + 1.3 j), recorded from Gymnasium's XML in MuJoCo 3.3.8.
 */
import { expect, test } from "vitest";
import { NonFiniteError, ShapeError, SimulatorError, random, randomStream, spaceSize } from "unspool";
import { loadFrom, loadModel, loadMujoco } from "./loadMujoco.ts";
import { type Body, mujocoEnvironment } from "./mujocoEnvironment.ts";
import { mujocoEnvironments } from "./mujocoEnvironments.ts";

const stream = () => randomStream(random.key(0).data);

/** Ten steps without noise: the sum of rewards, in how many steps it had ended, and the positions after them. */
async function tenSteps(name: string): Promise<{ total: number; ended: number; positions: number[] }> {
  let now: Body | undefined;
  const usual = mujocoEnvironments.create(name, { resetNoise: 0 });
  // The body is the same as that of the episode's start, seen anew.
  const environment = mujocoEnvironments.create(name, {
    resetNoise: 0,
    reward: (moved) => {
      now = moved;
      return 0;
    },
  });
  const size = spaceSize(usual.actionSpace);
  const [rewarded, watched] = await Promise.all([usual.create(), environment.create()]);
  rewarded.reset(stream());
  watched.reset(stream());
  let [total, ended] = [0, 0];
  for (let t = 0; t < 10; t++) {
    const action = Float64Array.from({ length: size }, (_, j) => 0.5 * Math.sin(0.1 * t + 1.3 * j));
    const { reward, terminated } = rewarded.step(action);
    watched.step(action);
    total += reward;
    ended += Number(terminated);
  }
  const positions = [...now!.positions];
  rewarded.close?.();
  watched.close?.();
  return { total, ended, positions };
}

// prettier-ignore
const oracles = [
  ["swimmer", -1.48864093, [-0.05953431, -0.069423446, -0.007025306, -0.33307805, 0.931751277]],
  ["halfCheetah", -0.884335564, [-0.009110913, -0.249723828, 0.020959384, 0.297874222, 0.31945362, -0.033339522, -0.482851482, -0.195374484, 0.051621203]],
  ["hopper", 10.212066453, [0.001720898, 1.217316295, 0.003854452, 0.001060595, 0.001596935, 0.068544143]],
  ["invertedPendulum", 10, [0.090178882, -0.211755268]],
  // MuJoCo 3.14.0 for Python, the tip read after another mj_forward.
  ["reacher", -4.808732611938834, [0.5183803883138468, 1.820394834518246, 0.1, -0.1]],
] as const;

test.each(oracles)("%s moves as Gymnasium's", async (name, total, positions) => {
  const given = await tenSteps(name);
  // The pendulum's reward of a step in which it falls is 0 in version 5; the oracle counts 1 in each.
  expect(Math.abs(given.total + (name === "invertedPendulum" ? given.ended : 0) - total)).toBeLessThan(1e-7);
  positions.forEach((x, i) => expect(Math.abs(given.positions[i]! - x)).toBeLessThan(1e-7));
});

test("episodes do not depend on what happened before", async () => {
  const environment = mujocoEnvironments.create("hopper");
  const [fresh, used] = await Promise.all([environment.create(), environment.create()]);
  const action = Float64Array.of(0.3, -0.2, 0.9);
  used.reset(randomStream(random.key(9).data));
  for (let t = 0; t < 30; t++) used.step(action);
  const play = (instance: typeof used) => {
    const seen = [...Array.from(instance.reset(stream()))];
    for (let t = 0; t < 20; t++) seen.push(...Array.from(instance.step(action).observation));
    return seen;
  };
  expect(play(used)).toEqual(play(fresh));
  fresh.close?.();
  used.close?.();
});

test.each(mujocoEnvironments.entries.map((entry) => [entry.name, entry] as const))(
  "%s plays, and can be drawn",
  async (name, entry) => {
    const environment = entry.create();
    expect(environment.name).toBe(name);
    const instance = await environment.create();
    const first = Array.from(instance.reset(stream()));
    expect(Array.from(instance.reset(stream()))).toEqual(first);
    const action = new Float64Array(spaceSize(environment.actionSpace)).fill(0.1);
    const { observation, reward } = instance.step(action);
    expect(observation).toHaveLength(spaceSize(environment.observationSpace));
    expect(Number.isFinite(reward)).toBe(true);
    const { shapes } = instance.scene!();
    expect(shapes.filter(({ kind }) => kind === "path").length).toBeGreaterThanOrEqual(2);
    instance.close?.();
  },
);

test("what cannot be loaded is said", async () => {
  const options = {
    name: "broken",
    frameSkip: 1,
    observationSize: 1,
    actionSize: 1,
    observation: () => [0],
    reward: () => 0,
    resetNoise: 0,
  };
  await expect(
    mujocoEnvironment({ ...options, xml: "<mujoco><nonsense/></mujoco>" }).create(),
  ).rejects.toThrow(SimulatorError);
  await expect(
    mujocoEnvironment({ ...options, xml: "<mujoco><nonsense/></mujoco>" }).create(),
  ).rejects.toThrow(/^broken: MuJoCo cannot compile the model/);
  const still = "<mujoco><worldbody><body><joint/><geom size='1'/></body></worldbody></mujoco>";
  await expect(mujocoEnvironment({ ...options, xml: still }).create()).rejects.toThrow(ShapeError);
  await expect(mujocoEnvironment({ ...options, xml: still }).create()).rejects.toThrow(
    "broken: actionSize must be the model's number of actuators, 0, got 1.",
  );
  expect(() => mujocoEnvironment({ ...options, xml: "" })).toThrow(/xml must be the text of a model/);
  expect(() => mujocoEnvironment({ ...options, xml: still, frameSkip: 0 })).toThrow(/frameSkip/);
  // MuJoCo's other way to fail: no model, without an exception.
  const mujoco = await loadMujoco();
  const silent = { ...mujoco, FS: mujoco.FS, MjModel: { loadFromXML: () => null } };
  expect(() => loadModel(silent, "silent", still)).toThrow(/^silent: MuJoCo gave no model for the XML/);
  await expect(loadFrom(["no-such-package"])).rejects.toThrow(
    /^mujoco: cannot be loaded: .*npm install mujoco-js/,
  );
});

test("a simulation that breaks down is an error, not a return", async () => {
  const environment = mujocoEnvironments.create("swimmer", { reward: () => NaN });
  const instance = await environment.create();
  instance.reset(stream());
  expect(() => instance.step(new Float64Array(2))).toThrow(NonFiniteError);
  expect(() => instance.step(new Float64Array(3))).toThrow(/swimmer, step 0: an action must be 2 numbers/);
  instance.close?.();
});
