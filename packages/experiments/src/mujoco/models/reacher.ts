/**
 * An arm of two links that is to touch a target, as Gymnasium's Reacher-v5 has it. The tip is where the positions say;
 * Gymnasium reads it from MuJoCo, where after a step it is still that of the last timestep's middle.
 */
import { type RandomStream, type SimulatedEnvironment } from "unspool";
import {
  type Body,
  type MujocoEnvironmentOptions,
  addUniform,
  mujocoEnvironment,
} from "../mujocoEnvironment.ts";
import { squared } from "./rewards.ts";

const free = 'armature="0" damping="0" stiffness="0"';

const model = `
<mujoco model="reacher">
  <compiler angle="radian" inertiafromgeom="true"/>
  <option timestep="0.01" integrator="RK4"/>
  <default>
    <joint armature="1" damping="1" limited="true"/>
    <geom contype="0" conaffinity="0"/>
    <motor gear="200" ctrllimited="true" ctrlrange="-1 1"/>
  </default>
  <worldbody>
    <body name="upper" pos="0 0 .01">
      <joint name="shoulder" type="hinge" axis="0 0 1" limited="false"/>
      <geom type="capsule" fromto="0 0 0 .1 0 0" size=".01"/>
      <body name="lower" pos=".1 0 0">
        <joint name="elbow" type="hinge" axis="0 0 1" range="-3 3"/>
        <geom type="capsule" fromto="0 0 0 .1 0 0" size=".01"/>
        <body name="tip" pos=".11 0 0">
          <geom type="sphere" size=".01"/>
        </body>
      </body>
    </body>
    <body name="target" pos=".1 -.1 .01">
      <joint name="x" type="slide" axis="1 0 0" range="-.27 .27" ref=".1" ${free}/>
      <joint name="y" type="slide" axis="0 1 0" range="-.27 .27" ref="-.1" ${free}/>
      <geom type="sphere" size=".009"/>
    </body>
  </worldbody>
  <actuator>
    <motor joint="shoulder"/>
    <motor joint="elbow"/>
  </actuator>
</mujoco>`;

const upper = 0.1;
const lower = 0.11;
/** Targets are drawn within this distance of the shoulder. */
const reach = 0.2;

/** From the target to the tip. */
function missBy({ positions }: Body): [x: number, y: number] {
  const [shoulder, elbow, x, y] = [...positions] as [number, number, number, number];
  const along = (of: (angle: number) => number) => upper * of(shoulder) + lower * of(shoulder + elbow);
  return [along(Math.cos) - x, along(Math.sin) - y];
}

function start(random: RandomStream, { positions, velocities }: Body): void {
  addUniform(random, 0.1, positions.subarray(0, 2));
  addUniform(random, 0.005, velocities.subarray(0, 2));
  do {
    positions[2] = reach * (2 * random.uniform() - 1);
    positions[3] = reach * (2 * random.uniform() - 1);
  } while (Math.hypot(positions[2], positions[3]) >= reach);
  velocities.fill(0, 2);
}

/** Reacher: two actions, ten observations, 50 steps; never ends by itself. */
export function reacherEnvironment(options: Partial<MujocoEnvironmentOptions> = {}): SimulatedEnvironment {
  return mujocoEnvironment({
    name: "reacher",
    xml: model,
    frameSkip: 2,
    timeLimit: 50,
    observationSize: 10,
    actionSize: 2,
    observation(body) {
      const { positions, velocities } = body;
      const angles = positions.subarray(0, 2);
      return [
        ...angles.map(Math.cos),
        ...angles.map(Math.sin),
        ...positions.subarray(2),
        ...velocities.subarray(0, 2),
        ...missBy(body),
      ];
    },
    reward: (moved) => -Math.hypot(...missBy(moved)) - squared(moved.action),
    resetNoise: start,
    view: "above",
    ...options,
  });
}
