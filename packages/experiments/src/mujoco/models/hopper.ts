/** A leg that hops (Erez, Tassa and Todorov 2012), as Gymnasium's Hopper-v5 has it: 1 per step while it stands. */
import type { SimulatedEnvironment } from "unspool";
import { type Body, type MujocoEnvironmentOptions, mujocoEnvironment } from "../mujocoEnvironment.ts";
import { forward, squared } from "./rewards.ts";

const free = 'limited="false" armature="0" damping="0" stiffness="0"';

const model = `
<mujoco model="hopper">
  <compiler angle="degree" inertiafromgeom="true"/>
  <option timestep="0.002" integrator="RK4"/>
  <default>
    <joint armature="1" damping="1" limited="true"/>
    <geom type="capsule" conaffinity="1" condim="1" contype="1" friction="0.9" margin="0.001" solimp=".8 .8 .01" solref=".02 1"/>
    <motor gear="200" ctrllimited="true" ctrlrange="-1 1"/>
  </default>
  <worldbody>
    <geom name="floor" type="plane" size="20 20 .125" conaffinity="1" condim="3" friction="1 .005 .0001"/>
    <body name="torso" pos="0 0 1.25">
      <joint name="rootx" type="slide" axis="1 0 0" pos="0 0 -1.25" ${free}/>
      <joint name="rootz" type="slide" axis="0 0 1" pos="0 0 -1.25" ref="1.25" ${free}/>
      <joint name="rooty" type="hinge" axis="0 1 0" ${free}/>
      <geom size="0.05 0.2"/>
      <body name="thigh" pos="0 0 -.2">
        <joint name="thigh" type="hinge" axis="0 -1 0" range="-150 0"/>
        <geom pos="0 0 -.225" size="0.05 0.225"/>
        <body name="leg" pos="0 0 -.7">
          <joint name="leg" type="hinge" axis="0 -1 0" pos="0 0 .25" range="-150 0"/>
          <geom size="0.04 0.25"/>
          <body name="foot" pos=".13 0 -.35">
            <joint name="foot" type="hinge" axis="0 -1 0" pos="-.13 0 .1" range="-45 45"/>
            <geom fromto="-.26 0 .1 .13 0 .1" size="0.06" friction="2"/>
          </body>
        </body>
      </body>
    </body>
  </worldbody>
  <actuator>
    <motor joint="thigh"/>
    <motor joint="leg"/>
    <motor joint="foot"/>
  </actuator>
</mujoco>`;

const controlCost = 1e-3;
/** Of velocities that are observed. */
const fastest = 10;
/** Of positions but x and height, and of velocities. */
const farthest = 100;
const lowest = 0.7;
const steepest = 0.2;

const isHealthy = ({ positions, velocities }: Body): boolean => {
  const isInside = (x: number) => Math.abs(x) < farthest;
  return (
    positions.subarray(2).every(isInside) &&
    velocities.every(isInside) &&
    positions[1]! > lowest &&
    Math.abs(positions[2]!) < steepest
  );
};

/** Hopper: three actions, eleven observations; ends where it falls. */
export function hopperEnvironment(options: Partial<MujocoEnvironmentOptions> = {}): SimulatedEnvironment {
  return mujocoEnvironment({
    name: "hopper",
    xml: model,
    frameSkip: 4,
    observationSize: 11,
    actionSize: 3,
    observation: ({ positions, velocities }) => [
      ...positions.subarray(1),
      ...velocities.map((x) => Math.min(fastest, Math.max(-fastest, x))),
    ],
    reward: (moved) => forward(moved) + Number(!moved.terminated) - controlCost * squared(moved.action),
    terminated: (body) => !isHealthy(body),
    resetNoise: 0.005,
    ...options,
  });
}
