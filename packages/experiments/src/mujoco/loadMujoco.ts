/**
 * MuJoCo's own WebAssembly build, as the npm package `mujoco-js` (MuJoCo 3.3) or, where that is absent, `@mujoco/mujoco`
 * has it: loaded once per thread, when it is first wanted.
 */
import { SimulatorError } from "unspool";

export interface MujocoModel {
  nq: number;
  nv: number;
  nu: number;
  ngeom: number;
  opt: { timestep: number };
  geom_type: Int32Array;
  geom_size: Float64Array;
  delete(): void;
}

/** Its arrays are views of MuJoCo's memory: taken anew after whatever may grow it. */
export interface MujocoData {
  qpos: Float64Array;
  qvel: Float64Array;
  ctrl: Float64Array;
  geom_xpos: Float64Array;
  geom_xmat: Float64Array;
  delete(): void;
}

export interface Mujoco {
  FS: { writeFile(path: string, text: string): void; unlink(path: string): void };
  MjModel: { loadFromXML?(path: string): MujocoModel | null; mj_loadXML?(path: string): MujocoModel | null };
  MjData: new (model: MujocoModel) => MujocoData;
  mj_step(model: MujocoModel, data: MujocoData): void;
  mj_kinematics(model: MujocoModel, data: MujocoData): void;
  mj_resetData(model: MujocoModel, data: MujocoData): void;
}

/** Packages that have it, in the order in which they are tried. */
export const mujocoPackages: readonly string[] = ["mujoco-js", "@mujoco/mujoco"];

let loaded: Promise<Mujoco> | undefined;

/** MuJoCo. Throws `SimulatorError` where no package has it. */
export function loadMujoco(): Promise<Mujoco> {
  return (loaded ??= loadFrom(mujocoPackages));
}

/** The same from packages of these names. */
export async function loadFrom(names: readonly string[]): Promise<Mujoco> {
  const failures: unknown[] = [];
  for (const name of names) {
    try {
      const { default: load } = (await import(/* @vite-ignore */ name)) as {
        default: () => Promise<unknown>;
      };
      return (await load()) as Mujoco;
    } catch (error) {
      failures.push(error);
    }
  }
  throw new SimulatorError(
    "mujoco",
    `cannot be loaded: ${failures.map((error) => (error instanceof Error ? error.message : String(error)).split("\n")[0]).join("; ")}. Install it: npm install mujoco-js`,
    { packages: names },
    { cause: failures[0] },
  );
}

let files = 0;

/** A model from MJCF. Throws `SimulatorError` for a text that MuJoCo cannot read. */
export function loadModel(mujoco: Mujoco, name: string, xml: string): MujocoModel {
  const path = `/model-${files++}.xml`;
  mujoco.FS.writeFile(path, xml);
  const load = mujoco.MjModel.loadFromXML ?? mujoco.MjModel.mj_loadXML;
  try {
    const model = load?.call(mujoco.MjModel, path);
    if (model !== null && model !== undefined) return model;
  } catch (cause) {
    throw new SimulatorError(
      name,
      "MuJoCo cannot compile the model: its XML is not MJCF. MuJoCo has written the reason to the console, if it says one; its own program `compile` tells line and element.",
      { length: xml.length },
      { cause },
    );
  } finally {
    mujoco.FS.unlink(path);
  }
  throw new SimulatorError(name, "MuJoCo gave no model for the XML, and wrote the reason to the console.", {
    length: xml.length,
  });
}
