/** Small systems solved by hand: what measurements are held against. */
export { heavyBallRadius } from "./heavyBallRadius.ts";
export type { HeavyBallRadiusOptions } from "./heavyBallRadius.ts";
export { horizonOfGrowth, roundings } from "./horizonOfGrowth.ts";
export { logisticExponent } from "./logisticExponent.ts";
export { logisticOrbit } from "./logisticOrbit.ts";
export type { LogisticOrbitOptions } from "./logisticOrbit.ts";
export { quadraticDescent } from "./quadraticDescent.ts";
export type { QuadraticDescentOptions } from "./quadraticDescent.ts";
export { smoothedSine } from "./smoothedSine.ts";
export type { SmoothedSine, SmoothedSineOptions } from "./smoothedSine.ts";
