/** A runner with two legs of three joints in a plane (Wawrzyński 2009), as Gymnasium's HalfCheetah has it. */
import type { SimulatedEnvironment } from "unspool";
import { type MujocoEnvironmentOptions, addUniform, mujocoEnvironment } from "../mujocoEnvironment.ts";
import { forward, squared } from "./rewards.ts";

interface Part {
  name: string;
  position: string;
  damping: number;
  range: string;
  stiffness: number;
  /** Of the capsule: centre, rotation about y, half length. */
  centre: string;
  angle: number;
  half: number;
  gear: number;
}

const part = (
  name: string,
  position: string,
  [damping, range, stiffness]: [number, string, number],
  [centre, angle, half]: [string, number, number],
  gear: number,
): Part => ({ name, position, damping, range, stiffness, centre, angle, half, gear });

const legs = [
  [
    part("bthigh", "-.5 0 0", [6, "-.52 1.05", 240], [".1 0 -.13", -3.8, 0.145], 120),
    part("bshin", ".16 0 -.25", [4.5, "-.785 .785", 180], ["-.14 0 -.07", -2.03, 0.15], 90),
    part("bfoot", "-.28 0 -.14", [3, "-.4 .785", 120], [".03 0 -.097", -0.27, 0.094], 60),
  ],
  [
    part("fthigh", ".5 0 0", [4.5, "-1 .7", 180], ["-.07 0 -.12", 0.52, 0.133], 120),
    part("fshin", "-.14 0 -.24", [3, "-1.2 .87", 120], [".065 0 -.09", -0.6, 0.106], 60),
    part("ffoot", ".13 0 -.18", [1.5, "-.5 .5", 60], [".045 0 -.07", -0.6, 0.07], 30),
  ],
] as const;

/** A leg: each part within the one before it. */
const nested = (parts: readonly Part[]): string => {
  const [first, ...rest] = parts;
  if (first === undefined) return "";
  return `
    <body name="${first.name}" pos="${first.position}">
      <joint name="${first.name}" type="hinge" axis="0 1 0" damping="${first.damping}" range="${first.range}" stiffness="${first.stiffness}"/>
      <geom type="capsule" pos="${first.centre}" axisangle="0 1 0 ${first.angle}" size="0.046 ${first.half}"/>${nested(rest)}
    </body>`;
};

const free = 'limited="false" armature="0" damping="0" stiffness="0"';

const model = `
<mujoco model="cheetah">
  <compiler angle="radian" inertiafromgeom="true" settotalmass="14"/>
  <option timestep="0.01"/>
  <default>
    <joint armature="0.1" damping="0.01" limited="true" solimplimit="0 .8 .03" solreflimit=".02 1" stiffness="8"/>
    <geom conaffinity="0" condim="3" contype="1" friction=".4 .1 .1" solimp="0 .8 .01" solref=".02 1"/>
    <motor ctrllimited="true" ctrlrange="-1 1"/>
  </default>
  <worldbody>
    <geom name="floor" type="plane" size="40 40 40" conaffinity="1"/>
    <body name="torso" pos="0 0 .7">
      <joint name="rootx" type="slide" axis="1 0 0" ${free}/>
      <joint name="rootz" type="slide" axis="0 0 1" ${free}/>
      <joint name="rooty" type="hinge" axis="0 1 0" ${free}/>
      <geom type="capsule" fromto="-.5 0 0 .5 0 0" size="0.046"/>
      <geom type="capsule" pos=".6 0 .1" axisangle="0 1 0 .87" size="0.046 .15"/>${legs.map(nested).join("")}
    </body>
  </worldbody>
  <actuator>${legs
    .flat()
    .map(({ name, gear }) => `\n    <motor joint="${name}" gear="${gear}"/>`)
    .join("")}
  </actuator>
</mujoco>`;

const controlCost = 0.1;
const noise = 0.1;

/** HalfCheetah: six actions, seventeen observations, never ends by itself. */
export function halfCheetahEnvironment(
  options: Partial<MujocoEnvironmentOptions> = {},
): SimulatedEnvironment {
  return mujocoEnvironment({
    name: "halfCheetah",
    xml: model,
    frameSkip: 5,
    observationSize: 17,
    actionSize: 6,
    observation: ({ positions, velocities }) => [...positions.subarray(1), ...velocities],
    reward: (moved) => forward(moved) - controlCost * squared(moved.action),
    resetNoise(random, { positions, velocities }) {
      addUniform(random, noise, positions);
      for (let i = 0; i < velocities.length; i++) velocities[i]! += noise * random.normal();
    },
    ...options,
  });
}
