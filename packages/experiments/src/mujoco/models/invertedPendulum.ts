/** A pole on a cart, pushed by a motor, as Gymnasium's InvertedPendulum-v5 has it: 1 per step while it stands. */
import type { SimulatedEnvironment } from "unspool";
import { type Body, type MujocoEnvironmentOptions, mujocoEnvironment } from "../mujocoEnvironment.ts";

const model = `
<mujoco model="inverted pendulum">
  <compiler angle="degree" inertiafromgeom="true"/>
  <option timestep="0.02" integrator="RK4"/>
  <default>
    <joint damping="1"/>
    <geom contype="0" type="capsule"/>
    <motor gear="100" ctrllimited="true" ctrlrange="-3 3"/>
  </default>
  <worldbody>
    <body name="cart">
      <joint name="slider" type="slide" axis="1 0 0" limited="true" range="-1 1"/>
      <geom quat="0.707 0 0.707 0" size="0.1 0.1"/>
      <body name="pole">
        <joint name="hinge" type="hinge" axis="0 1 0" limited="true" range="-90 90"/>
        <geom fromto="0 0 0 0.001 0 0.6" size="0.049"/>
      </body>
    </body>
  </worldbody>
  <actuator>
    <motor joint="slider"/>
  </actuator>
</mujoco>`;

/** Radians from upright. */
const steepest = 0.2;

const hasFallen = ({ positions }: Body): boolean => !(Math.abs(positions[1]!) <= steepest);

/** InvertedPendulum: one action in ±3, four observations; ends where the pole leans by more than 0.2. */
export function invertedPendulumEnvironment(
  options: Partial<MujocoEnvironmentOptions> = {},
): SimulatedEnvironment {
  return mujocoEnvironment({
    name: "invertedPendulum",
    xml: model,
    frameSkip: 2,
    observationSize: 4,
    actionSize: 1,
    actionBound: 3,
    observation: ({ positions, velocities }) => [...positions, ...velocities],
    reward: ({ terminated }) => Number(!terminated),
    terminated: hasFallen,
    resetNoise: 0.01,
    ...options,
  });
}
