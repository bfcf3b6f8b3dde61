/** The geoms of a MuJoCo model as lines and discs, seen from the side or from above. */
import type { Scene } from "unspool";
import type { MujocoData, MujocoModel } from "./loadMujoco.ts";

export type SceneView = "side" | "above";

/** MuJoCo's numbers of the types that are drawn. */
const geomType = { plane: 0, sphere: 2, capsule: 3 } as const;
/** The ground reaches so far to both sides of what moves. */
const groundReach = 3;

/** Needs places of geoms: after `mj_kinematics`. */
export function mujocoScene(model: MujocoModel, data: MujocoData, view: SceneView): Scene {
  const across = view === "side" ? 2 : 1;
  const at = (geom: number) => [data.geom_xpos[3 * geom]!, data.geom_xpos[3 * geom + across]!] as const;
  const geoms = Array.from({ length: model.ngeom }, (_, geom) => geom);
  const moving = geoms.filter((geom) => model.geom_type[geom] !== geomType.plane);
  const centre = moving.reduce((sum, geom) => sum + at(geom)[0], 0) / moving.length;
  const shapes = geoms.map((geom): Scene["shapes"][number] => {
    const [x, y] = at(geom);
    const [radius, half] = [model.geom_size[3 * geom]!, model.geom_size[3 * geom + 1]!];
    if (model.geom_type[geom] === geomType.plane)
      return { kind: "path", role: "ground", points: [[centre - groundReach, y], [centre + groundReach, y]] }; // prettier-ignore
    if (model.geom_type[geom] !== geomType.capsule)
      return { kind: "disc", centre: [x, y], radius, role: "goal" };
    // The third column of a geom's rotation is the axis of a capsule.
    const along = [0, across].map((row) => data.geom_xmat[9 * geom + 3 * row + 2]! * half) as [
      number,
      number,
    ];
    return {
      kind: "path",
      width: 2 * radius,
      role: geom % 2 === 0 ? "body" : "second",
      points: [
        [x - along[0], y - along[1]],
        [x + along[0], y + along[1]],
      ],
    };
  });
  return { shapes };
}
