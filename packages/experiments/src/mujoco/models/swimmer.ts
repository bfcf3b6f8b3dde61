/**
 * The three-link swimmer of Coulom (2002) as Gymnasium's Swimmer has it: links of length 1 and density 1000 in a fluid of
 * density 4000 and viscosity 0.1, motors of gear 150 on the two joints. Rewarded for the velocity of its head along x.
 */
import type { SimulatedEnvironment } from "unspool";
import { type MujocoEnvironmentOptions, mujocoEnvironment } from "../mujocoEnvironment.ts";
import { forward, squared } from "./rewards.ts";

/** MuJoCo's timestep, s. */
export const swimmerTimestep = 0.01;

/** Of the squared action. */
export const swimmerControlCost = 1e-4;

/** Half width of the uniform noise of the start. */
export const swimmerResetNoise = 0.1;

export const swimmerFrameSkip = 4;

/** MJCF. `isStateless`: without the solver's memory, so that positions and velocities are the whole state. */
export function swimmerModel({ isStateless = false }: { isStateless?: boolean } = {}): string {
  return `
<mujoco model="swimmer">
  <compiler angle="degree" inertiafromgeom="true"/>
  <option timestep="${swimmerTimestep}" integrator="RK4" density="4000" viscosity="0.1">
    ${isStateless ? '<flag warmstart="disable"/>' : ""}
  </option>
  <default>
    <geom type="capsule" size="0.1" density="1000" contype="0" conaffinity="0"/>
    <joint armature="0.1"/>
    <motor gear="150" ctrllimited="true" ctrlrange="-1 1"/>
  </default>
  <worldbody>
    <body name="front">
      <joint name="x" type="slide" axis="1 0 0"/>
      <joint name="y" type="slide" axis="0 1 0"/>
      <joint name="heading" type="hinge" axis="0 0 1"/>
      <geom fromto="1.5 0 0 0.5 0 0"/>
      <body name="middle" pos="0.5 0 0">
        <joint name="first" type="hinge" axis="0 0 1" limited="true" range="-100 100"/>
        <geom fromto="0 0 0 -1 0 0"/>
        <body name="back" pos="-1 0 0">
          <joint name="second" type="hinge" axis="0 0 1" limited="true" range="-100 100"/>
          <geom fromto="0 0 0 -1 0 0"/>
        </body>
      </body>
    </body>
  </worldbody>
  <actuator>
    <motor joint="first"/>
    <motor joint="second"/>
  </actuator>
</mujoco>`;
}

/** Swimmer: two actions, eight observations, never ends by itself. */
export function swimmerEnvironment(options: Partial<MujocoEnvironmentOptions> = {}): SimulatedEnvironment {
  return mujocoEnvironment({
    name: "swimmer",
    xml: swimmerModel(),
    frameSkip: swimmerFrameSkip,
    observationSize: 8,
    actionSize: 2,
    observation: ({ positions, velocities }) => [...positions.subarray(2), ...velocities],
    reward: (moved) => forward(moved) - swimmerControlCost * squared(moved.action),
    resetNoise: swimmerResetNoise,
    view: "above",
    ...options,
  });
}
