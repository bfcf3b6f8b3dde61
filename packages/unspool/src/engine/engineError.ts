/** The typed error of programs that the engine cannot compile. */
import { UnspoolError } from "../errors.ts";

/** A traced function uses a primitive that the engine has no kernel for. */
export class EngineError extends UnspoolError {
  constructor(where: string, primitive: string, known: readonly string[]) {
    super(
      "ENGINE",
      `${where}: the engine has no kernel for the primitive "${primitive}". Use other functions in the step, or ` +
        `executor: referenceExecutor() (--engine reference), which runs everything. Compiled primitives: ${known.join(", ")}.`,
      { where, primitive },
    );
  }
}
