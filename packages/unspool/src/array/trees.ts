/** What users import as `tree`: structure and arithmetic. */
export * from "./tree.ts";
export * from "./treeArithmetic.ts";
