/** The functions of `np` that are made of others; `derived.test.ts` holds their values. */
import { np as base } from "../../np.ts";
import { np } from "../namespaces.ts";

export const derivedNames: readonly string[] = Object.keys(np).filter((name) => !(name in base));
