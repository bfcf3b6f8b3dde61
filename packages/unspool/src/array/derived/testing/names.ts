/** The functions of `np` that are made of others; `derived.test.ts` holds their values. */
import { np as base } from "../../np.ts";
import { np } from "../namespaces.ts";

export const derivedNames: readonly string[] = Object.keys(np).filter((name) => !(name in base));

/** Functions, of every namespace, whose results are counts, places or bools, or that draw such. */
// prettier-ignore
export const withoutDerivative: readonly string[] = [
  "allclose", "arrayEqual", "bincount", "digitize", "histogram", "isclose", "matrixRank", "nanargmax", "nanargmin",
  "searchsorted", "binomial", "poisson", "choice", "permutation", "eigvals",
];

/** Functions that look at elements, and therefore throw inside a trace. */
export const onlyOutside: readonly string[] = ["allclose", "arrayEqual", "eigvals"];
